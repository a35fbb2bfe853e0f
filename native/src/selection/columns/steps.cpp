// Which of a layer's steps are among the largest, and the blocks into which the rows that they took divide.
#include "selection/columns/steps.h"

#include <algorithm>
#include <limits>

namespace ubp::selection {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();

// How many steps of each column are among the `budget` largest gains; of equal gains the lower columns' come first.
std::vector<int32_t> best_counts(const Problem& problem, const Steps& steps) {
    std::vector<double> gains;
    gains.reserve(steps.count());
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
    problem.pool.for_each(problem.tiles(), [&](int64_t tile) {
        uint16_t* words = starts.tile(tile);
        for (int64_t lane = 0; lane < problem.tile_width(tile); ++lane) {
            const int64_t column = tile * kTile + lane;
            const int32_t *labels = steps.labels(column), count = counts[column];
            int64_t covered = 0;  // rows before this one belong to a block already
            for (int64_t base = 0; base < problem.rows; base += 64) {
                for (uint64_t taken = taken_rows(labels + base, std::min<int64_t>(64, problem.rows - base), count);
                     taken; taken &= taken - 1) {
                    const int64_t row = base + __builtin_ctzll(taken);
                    if (row < covered) continue;
                    words[row] = static_cast<uint16_t>(words[row] | (1u << lane));
                    covered = row + problem.block_size;
                }
            }
        }
    });
}

}  // namespace

int64_t Steps::count() const {
    int64_t count = 0;
    for (const auto& own : gains_) count += static_cast<int64_t>(own.size());
    return count;
}

int64_t Steps::count_from(double threshold) const {
    int64_t count = 0;
    for (const auto& own : gains_)
        count +=
            std::partition_point(own.begin(), own.end(), [=](double gain) { return gain >= threshold; }) - own.begin();
    return count;
}

void Steps::select(const Problem& problem, StartBits& starts) const {
    divide_runs(problem, *this, best_counts(problem, *this), starts);
}

}  // namespace ubp::selection
