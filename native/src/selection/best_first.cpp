// greedy and bed: every column on its own, best window first, then the budget's best steps over all columns.
#include <algorithm>
#include <limits>

#include "selection/problem.h"
#include "selection/columns/steps.h"

namespace ubp::selection {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();

// A gain that very probably more than `budget` steps reach, from the columns of the sample tiles.
double sampled_threshold(const Problem& problem, const Steps& steps) {
    std::vector<double> gains;
    int64_t columns = 0;
    for (int64_t tile = 0; tile < problem.tiles(); tile += kSampleStride)
        for (int64_t lane = 0; lane < problem.tile_width(tile); ++lane, ++columns) {
            const auto& column = steps.gains(tile * kTile + lane);
            gains.insert(gains.end(), column.begin(), column.end());
        }
    const double share = static_cast<double>(problem.budget) * columns / problem.columns;
    const auto rank = static_cast<size_t>(share * 1.02 + 3 * __builtin_sqrt(share) + 1);
    if (rank >= gains.size()) return kNone;
    std::nth_element(gains.begin(), gains.begin() + rank, gains.end(), std::greater<>());
    return gains[rank];
}

void run_all(const Problem& problem, Steps& steps) {
    const int64_t tiles = problem.tiles(), samples = (tiles + kSampleStride - 1) / kSampleStride;
    problem.pool.for_each(samples, [&](int64_t i) { steps.run_tile(i * kSampleStride, kNone); });
    auto run_rest = [&](double threshold) {
        problem.pool.for_each(tiles, [&](int64_t tile) {
            if (!is_sample(tile)) steps.run_tile(tile, threshold);
        });
    };
    const double threshold = sampled_threshold(problem, steps);
    run_rest(threshold);
    if (steps.count_from(threshold) < problem.budget && threshold != kNone) run_rest(kNone);
}

void select_best_first(const Problem& problem, TakeBest take_best, StartBits& starts) {
    Steps steps(problem, take_best);
    run_all(problem, steps);
    steps.select(problem, starts);
}

}  // namespace

void select_greedy(const Problem& problem, StartBits& starts) { select_best_first(problem, take_best_greedy, starts); }

void select_bed(const Problem& problem, StartBits& starts) { select_best_first(problem, take_best_bed, starts); }

}  // namespace ubp::selection
