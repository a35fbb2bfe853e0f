// The exact gains of single columns between two prices.
#pragma once
#include <vector>

#include "selection/columns/price_search.h"

namespace ubp::selection {

// A best choice of one column at some price.
struct Choice {
    double price = 0;
    int64_t count = 0;
    double sum = 0;  // of the window sums taken, price not paid
};

// `count` more blocks of one column, each worth `gain`, between two choices that follow one another on its curve.
struct Segment {
    double gain;
    int64_t column;
    Choice low, high;  // low: more blocks (lower price)
};

// One column, by plain code. The arithmetic is that of the vector kernels, so the answer is the same.
class Column {
public:
    Column(const Problem& problem, const TileSums& sums, int64_t column)
        : problem_(problem), sums_(sums.tile(column / kTile) + column % kTile), taken_(problem.windows()) {}

    Choice choose(double price);
    // Start rows of the last choice.
    std::vector<int64_t> starts() const;

private:
    double sum(int64_t start) const { return sums_[start * kTile]; }

    const Problem& problem_;
    const double* sums_;
    std::vector<uint8_t> taken_;
};

// The gains of all columns that differ between the bracket's prices, largest first.
std::vector<Segment> find_segments(const Problem& problem, const TileSums& sums, const PriceBracket& bracket);

// What `blocks` blocks of the layer can keep at most. By weak duality: sum of the columns' values at any price, plus
// the price of the blocks.
double upper_bound(const Problem& problem, const TileSums& sums, double price, int64_t blocks);

}  // namespace ubp::selection
