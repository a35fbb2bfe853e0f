// The steps that greedy or bed take on the columns of one layer, kept until it is known how many of them count.
#pragma once
#include <vector>

#include "selection/columns/buffer.h"
#include "selection/columns/column_kernels.h"
#include "selection/problem.h"
#include "selection/columns/tile_steps.h"

namespace ubp::selection {

// Gains, never increasing along a column, and the step that took each row. A tile is written by one thread only.
class Steps {
public:
    Steps(const Problem& problem, TakeBest take_best)
        : problem_(problem), take_best_(take_best), gains_(problem.columns), labels_(problem.columns * problem.rows) {}

    // Runs the columns of a tile while a step gains at least `threshold`.
    void run_tile(int64_t tile, double threshold) {
        const int64_t column = tile * kTile;
        run_tile_steps(problem_, take_best_, tile, threshold, labels_.data() + column * problem_.rows, &gains_[column]);
    }
    const std::vector<double>& gains(int64_t column) const { return gains_[column]; }
    const int32_t* labels(int64_t column) const { return labels_.data() + column * problem_.rows; }
    int64_t count() const;
    // How many gains reach a threshold.
    int64_t count_from(double threshold) const;
    // Sets the blocks of the `problem.budget` largest gains, which must be there; of equal gains the lower columns'
    // come first.
    void select(const Problem& problem, StartBits& starts) const;

private:
    const Problem problem_;
    TakeBest take_best_;
    std::vector<std::vector<double>> gains_;
    Buffer<int32_t> labels_;
};

}  // namespace ubp::selection
