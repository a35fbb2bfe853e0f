// The sequential methods on one tile: columns made contiguous, then one after the other.
#include "selection/columns/tile_steps.h"

#include <algorithm>
#include <limits>

#include "selection/columns/buffer.h"

namespace ubp::selection {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();

void fill_list(int32_t* next, int32_t* previous, int64_t rows) {
    for (int64_t i = 0; i < rows + 2; ++i) {
        next[i] = static_cast<int32_t>(i);  // entry i is row i - 1
        previous[i] = static_cast<int32_t>(i - 2);
    }
}

// One tile's columns, each contiguous: [kTile][padded rows].
struct TileColumns {
    explicit TileColumns(const Problem& problem)
        : stride(padded(problem.rows, kTile)), scores(stride * kTile), importance(stride * kTile) {}
    void load(const Problem& problem, int64_t tile, const double* sums);

    int64_t stride;
    Buffer<double> scores;
    Buffer<float> importance;
};

// Some rows at a time, so that what is read sixteen times stays in the nearest cache.
void TileColumns::load(const Problem& problem, int64_t tile, const double* sums) {
    const int64_t width = problem.tile_width(tile), windows = problem.windows();
    for (int64_t base = 0; base < stride; base += kTile)
        for (int64_t lane = 0; lane < width; ++lane)
            for (int64_t row = base; row < base + kTile; ++row) {
                scores[lane * stride + row] = row < windows ? sums[row * kTile + lane] : kNone;
                if (row < problem.rows)
                    importance[lane * stride + row] = problem.importance[row * problem.columns + tile * kTile + lane];
            }
}

}  // namespace

void run_tile_steps(const Problem& p, TakeBest take_best, int64_t tile, double threshold, int32_t* labels,
                    std::vector<double>* gains) {
    Buffer<double> sums(p.rows * kTile), best(padded(padded(p.rows, kTile) / kTile, 8)), own(p.rows);
    Buffer<int32_t> next(p.rows + 2), previous(p.rows + 2);
    TileColumns columns(p);
    window_sums(p, tile, sums.data());
    columns.load(p, tile, sums.data());
    for (int64_t lane = 0; lane < p.tile_width(tile); ++lane, labels += p.rows) {
        const int64_t at = lane * columns.stride;
        fill_list(next.data(), previous.data(), p.rows);
        std::fill_n(labels, p.rows, kNotTaken);
        ColumnState state{p.rows,      p.block_size,   &columns.scores[at], best.data(), &columns.importance[at],
                          next.data(), previous.data()};
        const int64_t steps = take_best(state, threshold, own.data(), labels);
        gains[lane].assign(own.data(), own.data() + steps);
    }
}

}  // namespace ubp::selection
