// The steps of greedy and bed on the columns of one tile.
#pragma once
#include <limits>
#include <vector>

#include "selection/columns/column_kernels.h"
#include "selection/problem.h"

namespace ubp::selection {

constexpr int32_t kNotTaken = std::numeric_limits<int32_t>::max();
constexpr int64_t kSampleStride = 32;  // one tile in so many is run to its end, to learn where the others may stop

inline bool is_sample(int64_t tile) { return tile % kSampleStride == 0; }

// Runs the tile's columns while a step gains at least `threshold`.
// labels: [tile width][rows], the number of the step that took a row, or kNotTaken.
// gains: [tile width], the gains of each column, never increasing.
void run_tile_steps(const Problem& problem, TakeBest take_best, int64_t tile, double threshold, int32_t* labels,
                    std::vector<double>* gains);

}  // namespace ubp::selection
