// The C interface: checks the importance, runs the method, writes the blocks in (row, column) order.
#include "c_api/guard.h"
#include "selection/arguments.h"
#include "selection/importance.h"
#include "selection/write_blocks.h"

namespace ubp::selection {
namespace {

using c_api::ErrorLine;

ubp_status run(const Problem& problem, uint32_t method, int32_t* rows, int32_t* columns, ubp_selection_info* info,
               const ErrorLine& line) {
    if (!sum_importance(problem, &info->total)) return line.fail(UBP_REFUSED, kBadImportance);
    StartBits starts(problem);
    switch (method) {
        case UBP_METHOD_ABP: select_aligned(problem, starts); break;
        case UBP_METHOD_GREEDY: select_greedy(problem, starts); break;
        case UBP_METHOD_BED: select_bed(problem, starts); break;
        case UBP_METHOD_OPTIMAL: info->upper_bound = select_optimal(problem, starts); break;
        default: select_unstructured(problem, starts);
    }
    info->found = write_blocks(problem, starts, rows, columns, &info->kept);
    return info->found == problem.budget ? UBP_OK : line.fail(UBP_EXHAUSTED, kExhausted);
}

}  // namespace
}  // namespace ubp::selection

ubp_status ubp_selection_run(const float* importance, int64_t rows, int64_t columns,
                             const ubp_selection_options* options, int32_t* out_rows, int32_t* out_columns,
                             ubp_selection_info* info, char* error, size_t error_size) {
    using namespace ubp;
    return c_api::guard(error, error_size, [&](const c_api::ErrorLine& line) {
        if (!importance || !options) return line.bad_argument("importance and options must not be null");
        if (!info || (options->budget > 0 && (!out_rows || !out_columns))) return line.bad_argument(c_api::kNoOutput);
        *info = {};
        if (const char* fault = selection::fault_of(*options); *fault) return line.bad_argument(fault);
        if (!selection::is_good_shape(rows, columns)) return line.bad_argument(selection::kBadShape);
        if (options->budget > selection::capacity_of(rows, columns, options->block_size))
            return line.bad_argument("budget must be at most columns * (rows / block_size)");
        return c_api::with_threads(selection::threads_for(rows * columns, options->threads), [&](unsigned threads) {
            ThreadPool pool(threads);
            const selection::Problem problem{importance, rows, columns, options->block_size, options->budget, pool};
            return selection::run(problem, options->method, out_rows, out_columns, info, line);
        });
    });
}
