// The C interface of allocation: checks the importance of all layers, runs the method, and selects layer by layer.
#include <new>

#include "selection/allocation.h"
#include "selection/importance.h"
#include "selection/write_blocks.h"
#include "ubp/selection_c.h"

struct ubp_allocation {
    ubp_allocation(int32_t threads, int32_t asked_method) : crew(threads), method(asked_method) {}

    ubp::selection::Crew crew;
    int32_t method;
    std::vector<ubp::selection::Share> shares;
    ubp::selection::Findings findings;
};

namespace ubp::selection {
namespace {

int allocate(ubp_allocation& allocation, int64_t budget, int64_t* found) {
    for (Share& share : allocation.shares)
        if (!sum_importance(share.problem, &share.total)) return UBP_SELECT_BAD_VALUE;
    *found = budget;
    if (allocation.method == UBP_OPTIMAL) allocate_by_price(allocation.shares, budget, allocation.findings);
    else *found = allocate_by_gains(allocation.shares, budget, allocation.method, allocation.findings);
    return *found == budget ? UBP_SELECT_OK : UBP_SELECT_EXHAUSTED;
}

}  // namespace
}  // namespace ubp::selection

int ubp_allocate(ubp_share* shares, int64_t layers, int32_t block_size, int64_t budget, int32_t method, int32_t threads,
                 int64_t* found, ubp_allocation** out) try {
    using namespace ubp::selection;
    *out = nullptr;
    int64_t weights = 0;
    for (int64_t l = 0; l < layers; ++l) weights += shares[l].rows * shares[l].columns;
    auto allocation = std::make_unique<ubp_allocation>(weights < kParallelFrom ? 1 : threads, method);
    for (const ubp_share* share = shares; share != shares + layers; ++share) {
        const Problem problem{share->importance, share->rows, share->columns, block_size, 0, allocation->crew};
        allocation->shares.push_back({problem, share->scale, share->floor, share->ceiling});
    }
    const int status = allocate(*allocation, budget, found);
    for (int64_t l = 0; l < layers; ++l)
        shares[l].count = allocation->shares[l].count, shares[l].bound = allocation->shares[l].bound;
    if (status == UBP_SELECT_OK) *out = allocation.release();
    return status;
} catch (const std::bad_alloc&) {
    return UBP_SELECT_NO_MEMORY;
}

int ubp_allocation_select(const ubp_allocation* allocation, int64_t layer, int32_t* out_rows, int32_t* out_columns,
                          ubp_selection_info* info) try {
    using namespace ubp::selection;
    const Share& share = allocation->shares[layer];
    StartBits starts(share.problem);
    *info = {};
    info->total = share.total;
    info->upper_bound = select_share(share, layer, allocation->method, allocation->findings, starts);
    info->found = write_blocks(share.problem, starts, out_rows, out_columns, &info->kept);
    return info->found == share.count ? UBP_SELECT_OK : UBP_SELECT_EXHAUSTED;
} catch (const std::bad_alloc&) {
    return UBP_SELECT_NO_MEMORY;
}

void ubp_allocation_free(ubp_allocation* allocation) { delete allocation; }
