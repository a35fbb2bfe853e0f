// The C interface of allocation: checks the importance of all layers and runs the method.
#include <new>

#include "selection/allocation.h"
#include "selection/importance.h"
#include "ubp/selection_c.h"

namespace ubp::selection {
namespace {

int allocate(std::vector<Share>& shares, int64_t budget, int32_t method, int64_t* found) {
    double total = 0;
    for (const Share& share : shares)
        if (!sum_importance(share.problem, &total)) return UBP_SELECT_BAD_VALUE;
    *found = budget;
    if (method == UBP_OPTIMAL) allocate_by_price(shares, budget);
    else *found = allocate_by_gains(shares, budget, method);
    return *found == budget ? UBP_SELECT_OK : UBP_SELECT_EXHAUSTED;
}

}  // namespace
}  // namespace ubp::selection

int ubp_allocate(ubp_share* shares, int64_t layers, int32_t block_size, int64_t budget, int32_t method, int32_t threads,
                 int64_t* found) try {
    using namespace ubp::selection;
    int64_t weights = 0;
    for (int64_t l = 0; l < layers; ++l) weights += shares[l].rows * shares[l].columns;
    Crew crew(weights < kParallelFrom ? 1 : threads);
    std::vector<Share> parts;
    for (const ubp_share* share = shares; share != shares + layers; ++share) {
        const Problem problem{share->importance, share->rows, share->columns, block_size, 0, crew};
        parts.push_back({problem, share->scale, share->floor, share->ceiling});
    }
    const int status = allocate(parts, budget, method, found);
    for (int64_t l = 0; l < layers; ++l) shares[l].count = parts[l].count, shares[l].bound = parts[l].bound;
    return status;
} catch (const std::bad_alloc&) {
    return UBP_SELECT_NO_MEMORY;
}
