// The price per block at which columns, of one layer or of several, together want a given number of blocks.
#pragma once
#include "selection/columns/buffer.h"
#include "selection/columns/column_kernels.h"
#include "selection/problem.h"

namespace ubp::selection {

// What every column of a layer does at one price.
struct PricePoint {
    double price = 0;
    std::vector<double> counts;  // [tiles * kTile] blocks of each column; 0 beyond the last column
    int64_t total = 0;
};

// A layer at two prices: at `low` its columns take at least as many blocks as at `high`.
struct PriceBracket {
    PricePoint low, high;
};

// Window sums of all tiles, computed once: [tile][windows][kTile].
class TileSums {
public:
    explicit TileSums(const Problem& problem);
    const double* tile(int64_t tile) const { return sums_.data() + tile * stride_; }

private:
    int64_t stride_;
    Buffer<double> sums_;
};

// A layer in a search. Its importance counts `scale` times, and it takes from `floor` to `ceiling` blocks at any price.
struct PricedLayer {
    const Problem* problem;
    const TileSums* sums;
    double scale;
    int64_t floor, ceiling;

    int64_t clamp(int64_t count) const { return std::clamp(count, floor, ceiling); }
};

// Two prices around a budget, and what every layer does at them (a layer's own price is the common one over its scale).
// Counts of a layer that takes as many blocks at both prices, by its floor or ceiling, are not kept up to date.
struct NetworkBracket {
    double low_price, high_price;
    std::vector<PriceBracket> layers;
};

// The best `problem.budget` blocks of a layer, found from its window sums, and between two prices at which it takes at
// least and at most so many. Both return the upper bound on what as many blocks keep.
double select_with_sums(const Problem& problem, const TileSums& sums, StartBits& starts);
double select_between(const Problem& problem, const TileSums& sums, const PriceBracket& bracket, StartBits& starts);

// Narrows the prices until few columns differ between them, or the columns that differ do so by ties.
// Needs sum of floors < budget <= sum of ceilings.
NetworkBracket find_prices(const std::vector<PricedLayer>& layers, int64_t budget);

}  // namespace ubp::selection
