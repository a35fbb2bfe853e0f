#include "selection/importance.h"

#include <algorithm>
#include <cfloat>
#include <numeric>

namespace ubp::selection {

bool sum_importance(const Problem& problem, double* total) {
    std::vector<double> sums(problem.rows);
    std::vector<uint8_t> bad(problem.rows);
    problem.pool.for_each(problem.rows, [&](int64_t row) {
        const float* values = problem.importance + row * problem.columns;
        double partial[kTile] = {};
        int wrong = 0;
        for (int64_t k = 0; k < problem.columns; ++k) wrong |= !(values[k] >= 0.0f) | !(values[k] <= FLT_MAX);
        int64_t k = 0;
        for (; k + kTile <= problem.columns; k += kTile)
            for (int lane = 0; lane < kTile; ++lane) partial[lane] += values[k + lane];
        for (; k < problem.columns; ++k) partial[0] += values[k];
        sums[row] = std::accumulate(partial, partial + kTile, 0.0);
        bad[row] = static_cast<uint8_t>(wrong);
    });
    *total = std::accumulate(sums.begin(), sums.end(), 0.0);
    return std::none_of(bad.begin(), bad.end(), [](uint8_t b) { return b != 0; });
}

}  // namespace ubp::selection
