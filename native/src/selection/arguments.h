// What the C interface of the selection does with its arguments: checks.
#pragma once

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

// Threads that a selection from so many weights begins with: one for few weights, and where memory is short. Threads
// that run out of it leave the rest in pieces, and when several throw at once, there may be no room for what they
// throw.
unsigned threads_for(int64_t weights, uint32_t wanted);

}  // namespace ubp::selection
