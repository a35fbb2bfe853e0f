#include "selection/arguments.h"

#include "c_api/guard.h"

namespace ubp::selection {

const char* fault_of(const ubp_selection_options& options) {
    static_assert(kMaxBlock == 32 && UBP_METHOD_UNSTRUCTURED == 4, "as the lines say");
    if (options.block_size < 1 || options.block_size > kMaxBlock) return "block_size must be 1..32";
    if (options.method > UBP_METHOD_UNSTRUCTURED) return "method must be 0..4";
    if (options.method == UBP_METHOD_UNSTRUCTURED && options.block_size != 1) return "unstructured needs block_size 1";
    if (options.budget < 0) return "budget must not be negative";
    return c_api::has_good_threads(options.threads) ? "" : c_api::kBadThreads;
}

bool is_good_shape(int64_t rows, int64_t columns) {
    return rows >= 1 && columns >= 1 && rows <= INT32_MAX && columns <= INT32_MAX;
}

}  // namespace ubp::selection
