// The blocks of a selection as two lists.
#pragma once
#include "selection/problem.h"

namespace ubp::selection {

// Writes rows and columns and sums what the blocks keep. Returns the number of blocks.
int64_t write_blocks(const Problem& problem, const StartBits& starts, int32_t* rows, int32_t* columns, double* kept);

}  // namespace ubp::selection
