#include "selection/arguments.h"

#include "c_api/guard.h"
#include "threads/room.h"

namespace ubp::selection {
namespace {

constexpr int64_t kParallelFrom = 1 << 15;        // below so many weights a thread costs more than it saves
constexpr size_t kWeightBytes = 24;               // twice what `optimal` takes for each weight (1024 x 1152)
constexpr size_t kThreadBytes = size_t{2} << 20;  // a stack, and what an item of work needs

}  // namespace

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

unsigned threads_for(int64_t weights, uint32_t wanted) {
    const unsigned threads = weights < kParallelFrom ? 1 : c_api::threads_of(wanted);
    const bool many = threads > 1 && has_room(size_t(weights) * kWeightBytes + threads * kThreadBytes);
    return many ? threads : 1;
}

}  // namespace ubp::selection
