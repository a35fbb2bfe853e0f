// Blocks in (row, column) order, from the bits that the methods set.
#include "selection/write_blocks.h"

#include <numeric>

namespace ubp::selection {
namespace {

template <typename Visit>
void visit_starts(const Problem& problem, const StartBits& starts, int64_t row, Visit visit) {
    for (int64_t tile = 0; tile < problem.tiles(); ++tile)
        for (unsigned bits = starts.tile(tile)[row]; bits != 0; bits &= bits - 1)
            visit(tile * kTile + __builtin_ctz(bits));
}

}  // namespace

int64_t write_blocks(const Problem& problem, const StartBits& starts, int32_t* rows, int32_t* columns, double* kept) {
    std::vector<int64_t> first(problem.rows + 1);
    std::vector<double> sums(problem.rows);
    problem.pool.for_each(problem.rows, [&](int64_t row) {
        for (int64_t tile = 0; tile < problem.tiles(); ++tile)
            first[row + 1] += __builtin_popcount(starts.tile(tile)[row]);
    });
    std::partial_sum(first.begin(), first.end(), first.begin());
    problem.pool.for_each(problem.rows, [&](int64_t row) {
        int64_t at = first[row];
        visit_starts(problem, starts, row, [&](int64_t column) {
            rows[at] = static_cast<int32_t>(row);
            columns[at++] = static_cast<int32_t>(column);
            double sum = 0;
            for (int64_t r = row; r < row + problem.block_size; ++r)
                sum += problem.importance[r * problem.columns + column];
            sums[row] += sum;
        });
    });
    *kept = std::accumulate(sums.begin(), sums.end(), 0.0);
    return first[problem.rows];
}

}  // namespace ubp::selection
