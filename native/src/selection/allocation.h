// One budget of blocks over the layers of a network: how many each layer gets.
#pragma once
#include "selection/problem.h"

namespace ubp::selection {

// A layer and its part. The problem's own budget is not used.
struct Share {
    Problem problem;
    double scale;            // of its importance against the other layers', > 0
    int64_t floor, ceiling;  // blocks it takes at least and at most
    int64_t count = 0;       // blocks it gets
    double bound = 0;        // its part of the bound on the network (unscaled); infinite where there is none
};

// Sets the counts to the floors and the `budget - sum of floors` largest further gains of all layers, none beyond its
// ceiling; of equal gains the first layers' come first. Needs sum of floors <= budget <= sum of ceilings.
//
// The methods that take gains one after the other (all but optimal). Returns the blocks that were found: fewer than
// the budget where greedy runs out of candidates.
int64_t allocate_by_gains(std::vector<Share>& shares, int64_t budget, int32_t method);
// optimal: the gains of a layer are the slopes of its best total, which is concave in the number of blocks.
void allocate_by_price(std::vector<Share>& shares, int64_t budget);

}  // namespace ubp::selection
