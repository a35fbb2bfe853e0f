// One budget of blocks over the layers of a network: how many each layer gets, and which.
#pragma once
#include <deque>
#include <limits>
#include <memory>
#include <vector>

#include "selection/columns/price_search.h"
#include "selection/problem.h"
#include "selection/columns/steps.h"

namespace ubp::selection {

// A layer and its part. The problem's own budget is not used.
struct Share {
    Problem problem;
    double scale;            // of its importance against the other layers', > 0
    int64_t floor, ceiling;  // blocks it takes at least and at most
    int64_t count = 0;       // blocks it gets
    double bound = 0;        // its part of the bound on the network (unscaled); infinite where there is none
    double total = 0;        // sum of its importance
};

// What sharing out has found about the layers, so that selecting their blocks need not find it again. Empty where the
// method leaves nothing of use.
struct Findings {
    std::vector<std::unique_ptr<Steps>> steps;                    // greedy and bed: all that gain at least ...
    double threshold = -std::numeric_limits<double>::infinity();  // ... so much (scaled)
    std::deque<TileSums> sums;                                    // optimal: of every layer,
    std::vector<PriceBracket> brackets;                           // ... and the network's prices
};

// Sets the counts to the floors and the `budget - sum of floors` largest further gains of all layers, none beyond its
// ceiling; of equal gains the first layers' come first. Needs sum of floors <= budget <= sum of ceilings.
//
// The methods that take gains one after the other (all but optimal). Returns the blocks that were found: fewer than
// the budget where greedy runs out of candidates.
int64_t allocate_by_gains(std::vector<Share>& shares, int64_t budget, int32_t method, Findings& findings);
// optimal: the gains of a layer are the slopes of its best total, which is concave in the number of blocks.
void allocate_by_price(std::vector<Share>& shares, int64_t budget, Findings& findings);

// The blocks of one layer as it would select `share.count` alone: its upper bound (optimal, else 0).
double select_share(const Share& share, size_t layer, int32_t method, const Findings& findings, StartBits& starts);

}  // namespace ubp::selection
