// The C interface: checks the importance, runs the method, writes the blocks in (row, column) order.
#include <algorithm>
#include <numeric>

#include "selection/importance.h"
#include "ubp/selection_c.h"

namespace ubp::selection {
namespace {

template <typename Visit>
void visit_starts(const Problem& problem, const StartBits& starts, int64_t row, Visit visit) {
    for (int64_t tile = 0; tile < problem.tiles(); ++tile)
        for (unsigned bits = starts.tile(tile)[row]; bits != 0; bits &= bits - 1)
            visit(tile * kTile + __builtin_ctz(bits));
}

// Writes rows and columns and sums what the blocks keep. Returns the number of blocks.
int64_t write_blocks(const Problem& problem, const StartBits& starts, int32_t* rows, int32_t* columns, double* kept) {
    std::vector<int64_t> first(problem.rows + 1);
    std::vector<double> sums(problem.rows);
    problem.crew.for_each(problem.rows, [&](int64_t row) {
        for (int64_t tile = 0; tile < problem.tiles(); ++tile) first[row + 1] += __builtin_popcount(starts.tile(tile)[row]);
    });
    std::partial_sum(first.begin(), first.end(), first.begin());
    problem.crew.for_each(problem.rows, [&](int64_t row) {
        int64_t at = first[row];
        visit_starts(problem, starts, row, [&](int64_t column) {
            rows[at] = static_cast<int32_t>(row);
            columns[at++] = static_cast<int32_t>(column);
            double sum = 0;
            for (int64_t r = row; r < row + problem.block_size; ++r) sum += problem.importance[r * problem.columns + column];
            sums[row] += sum;
        });
    });
    *kept = std::accumulate(sums.begin(), sums.end(), 0.0);
    return first[problem.rows];
}

int run(const Problem& problem, int method, int32_t* rows, int32_t* columns, ubp_selection_info* info) {
    if (!sum_importance(problem, &info->total)) return UBP_SELECT_BAD_VALUE;
    StartBits starts(problem);
    switch (method) {
        case UBP_ABP: select_aligned(problem, starts); break;
        case UBP_GREEDY: select_greedy(problem, starts); break;
        case UBP_BED: select_bed(problem, starts); break;
        case UBP_OPTIMAL: info->upper_bound = select_optimal(problem, starts); break;
        default: select_unstructured(problem, starts);
    }
    info->found = write_blocks(problem, starts, rows, columns, &info->kept);
    return info->found == problem.budget ? UBP_SELECT_OK : UBP_SELECT_EXHAUSTED;
}

}  // namespace
}  // namespace ubp::selection

int ubp_select(const float* importance, int64_t rows, int64_t columns, int32_t block_size, int64_t budget, int32_t method,
               int32_t threads, int32_t* out_rows, int32_t* out_columns, ubp_selection_info* info) try {
    *info = {};
    const bool small = rows * columns < ubp::selection::kParallelFrom;
    ubp::selection::Crew crew(small ? 1 : threads);
    const ubp::selection::Problem problem{importance, rows, columns, block_size, budget, crew};
    return ubp::selection::run(problem, method, out_rows, out_columns, info);
} catch (const std::bad_alloc&) {
    return UBP_SELECT_NO_MEMORY;
}
