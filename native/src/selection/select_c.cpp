// The C interface: checks the importance, runs the method, writes the blocks in (row, column) order.
#include <new>

#include "selection/importance.h"
#include "selection/write_blocks.h"
#include "ubp/selection_c.h"

namespace ubp::selection {
namespace {

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
