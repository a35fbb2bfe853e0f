// greedy and bed: every column on its own, best window first, then the budget's best steps over all columns.
#include <algorithm>
#include <limits>

#include "selection/buffer.h"
#include "selection/column_kernels.h"
#include "selection/problem.h"
#include "selection/tile_steps.h"

namespace ubp::selection {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();

// The steps of all columns: gains, never increasing along a column, and the step that took each row.
class Steps {
public:
    Steps(const Problem& problem, TakeBest take_best)
        : problem_(problem), take_best_(take_best), gains_(problem.columns), labels_(problem.columns * problem.rows) {}

    void run_tile(int64_t tile, double threshold) {
        const int64_t column = tile * kTile;
        run_tile_steps(problem_, take_best_, tile, threshold, labels_.data() + column * problem_.rows, &gains_[column]);
    }
    const std::vector<double>& gains(int64_t column) const { return gains_[column]; }
    const int32_t* labels(int64_t column) const { return labels_.data() + column * problem_.rows; }

private:
    const Problem& problem_;
    TakeBest take_best_;
    std::vector<std::vector<double>> gains_;
    Buffer<int32_t> labels_;
};

int64_t count_steps(const Problem& problem, const Steps& steps) {
    int64_t count = 0;
    for (int64_t column = 0; column < problem.columns; ++column) count += static_cast<int64_t>(steps.gains(column).size());
    return count;
}

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
    problem.crew.for_each(samples, [&](int64_t i) { steps.run_tile(i * kSampleStride, kNone); });
    auto run_rest = [&](double threshold) {
        problem.crew.for_each(tiles, [&](int64_t tile) {
            if (!is_sample(tile)) steps.run_tile(tile, threshold);
        });
    };
    const double threshold = sampled_threshold(problem, steps);
    run_rest(threshold);
    if (threshold != kNone && count_steps(problem, steps) < problem.budget) run_rest(kNone);
}

// How many steps of each column are among the `budget` largest gains; of equal gains the lower columns' come first.
std::vector<int32_t> best_counts(const Problem& problem, const Steps& steps) {
    std::vector<double> gains;
    gains.reserve(count_steps(problem, steps));
    for (int64_t column = 0; column < problem.columns; ++column)
        gains.insert(gains.end(), steps.gains(column).begin(), steps.gains(column).end());
    std::vector<int32_t> counts(problem.columns);
    const auto budget = static_cast<size_t>(problem.budget);
    double least = kNone;
    if (budget == 0) return counts;
    if (budget < gains.size()) {
        std::nth_element(gains.begin(), gains.begin() + (budget - 1), gains.end(), std::greater<>());
        least = gains[budget - 1];
    }
    int64_t left = problem.budget;
    for (int64_t column = 0; column < problem.columns; ++column) {
        const auto& own = steps.gains(column);
        counts[column] = static_cast<int32_t>(
            std::partition_point(own.begin(), own.end(), [=](double gain) { return gain > least; }) - own.begin());
        left -= counts[column];
    }
    for (int64_t column = 0; column < problem.columns && left > 0; ++column) {
        const auto& own = steps.gains(column);
        while (left > 0 && counts[column] < static_cast<int64_t>(own.size()) && own[counts[column]] == least)
            ++counts[column], --left;
    }
    return counts;
}

// Bit i is set where row i was taken by one of the first `count` steps.
uint64_t taken_rows(const int32_t* labels, int64_t rows, int32_t count) {
    uint64_t bits = 0;
    for (int64_t i = 0; i < rows; ++i) bits |= uint64_t{labels[i] < count} << i;
    return bits;
}

// Divides the rows that the first counts[column] steps took into blocks: every maximal run is a multiple of N long.
void divide_runs(const Problem& problem, const Steps& steps, const std::vector<int32_t>& counts, StartBits& starts) {
    problem.crew.for_each(problem.tiles(), [&](int64_t tile) {
        uint16_t* words = starts.tile(tile);
        for (int64_t lane = 0; lane < problem.tile_width(tile); ++lane) {
            const int64_t column = tile * kTile + lane;
            const int32_t *labels = steps.labels(column), count = counts[column];
            int64_t covered = 0;  // rows before this one belong to a block already
            for (int64_t base = 0; base < problem.rows; base += 64) {
                for (uint64_t taken = taken_rows(labels + base, std::min<int64_t>(64, problem.rows - base), count); taken;
                     taken &= taken - 1) {
                    const int64_t row = base + __builtin_ctzll(taken);
                    if (row < covered) continue;
                    words[row] = static_cast<uint16_t>(words[row] | (1u << lane));
                    covered = row + problem.block_size;
                }
            }
        }
    });
}

void select_best_first(const Problem& problem, TakeBest take_best, StartBits& starts) {
    Steps steps(problem, take_best);
    run_all(problem, steps);
    divide_runs(problem, steps, best_counts(problem, steps), starts);
}

}  // namespace

void select_greedy(const Problem& problem, StartBits& starts) {
    select_best_first(problem, take_best_greedy, starts);
}

void select_bed(const Problem& problem, StartBits& starts) {
    select_best_first(problem, take_best_bed, starts);
}

}  // namespace ubp::selection
