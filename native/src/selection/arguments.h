// What the C interface of the selection does with its arguments: checks, and as many threads as memory allows.
#pragma once
#include <new>

#include "selection/columns/vectors.h"
#include "ubp/selection_c.h"

namespace ubp::selection {

constexpr char kBadImportance[] =
    "importance: every value must be finite and >= 0; found NaN, infinity or a negative one";
constexpr char kBadShape[] = "rows and columns must be 1..2147483647";
constexpr char kExhausted[] = "greedy ran out of candidates before the budget";

// "" or the line that names the first option out of range; budgets are checked where the shapes are known.
const char* fault_of(const ubp_selection_options& options);

bool is_good_shape(int64_t rows, int64_t columns);  // both fit 32-bit indices

// Blocks that a layer holds at most.
inline int64_t capacity_of(int64_t rows, int64_t columns, uint32_t block_size) { return columns * (rows / block_size); }

// Calls work(threads), and work(1) where memory ran out: the stacks of threads may have taken what was left.
template <class Work>
ubp_status with_threads(unsigned threads, const Work& work) {
    try {
        return work(threads);
    } catch (const std::bad_alloc&) {
        if (threads == 1) throw;
    }
    return work(1u);
}

}  // namespace ubp::selection
