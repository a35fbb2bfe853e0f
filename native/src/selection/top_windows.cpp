// abp and unstructured: candidates that never overlap, so the best ones are simply the largest.
#include <algorithm>

#include "selection/problem.h"

namespace ubp::selection {
namespace {

// Sets the bits of the `budget` largest of `scores` [window rows][columns]; of equal scores the first in order.
template <typename Score>
void mark_largest(const Problem& problem, const Score* scores, int64_t row_step, StartBits& starts) {
    const int64_t count = problem.rows / row_step * problem.columns;
    if (problem.budget == 0) return;
    std::vector<Score> order(scores, scores + count);
    std::nth_element(order.begin(), order.begin() + (problem.budget - 1), order.end(), std::greater<>());
    const Score least = order[problem.budget - 1];
    int64_t equal_left = problem.budget - std::count_if(scores, scores + count, [=](Score s) { return s > least; });
    for (int64_t i = 0; i < count; ++i) {
        if (scores[i] < least || (scores[i] == least && equal_left-- <= 0)) continue;
        const int64_t column = i % problem.columns;
        starts.tile(column / kTile)[i / problem.columns * row_step] |= static_cast<uint16_t>(1u << (column % kTile));
    }
}

}  // namespace

void select_aligned(const Problem& problem, StartBits& starts) {
    const int64_t n = problem.block_size, columns = problem.columns;
    std::vector<double> sums(problem.rows / n * columns);
    problem.pool.for_each(problem.rows / n, [&](int64_t window) {
        for (int64_t row = window * n; row < (window + 1) * n; ++row)
            for (int64_t k = 0; k < columns; ++k) sums[window * columns + k] += problem.importance[row * columns + k];
    });
    mark_largest(problem, sums.data(), n, starts);
}

void select_unstructured(const Problem& problem, StartBits& starts) {
    mark_largest(problem, problem.importance, 1, starts);
}

}  // namespace ubp::selection
