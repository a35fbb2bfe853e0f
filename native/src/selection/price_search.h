// The price per block at which a layer's columns together want a given number of blocks.
#pragma once
#include "selection/buffer.h"
#include "selection/column_kernels.h"
#include "selection/problem.h"

namespace ubp::selection {

// What every column does at one price.
struct PricePoint {
    double price = 0;
    std::vector<double> counts;  // [tiles * kTile] blocks of each column; 0 beyond the last column
    int64_t total = 0;
};

// Two prices around the budget: at `low` the columns take at least `budget` blocks, at `high` at most.
struct PriceBracket {
    PricePoint low, high;
    int64_t gap() const { return low.total - high.total; }
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

// Narrows the prices until few columns differ between them, or the columns that differ do so by ties.
PriceBracket find_prices(const Problem& problem, const TileSums& sums);

}  // namespace ubp::selection
