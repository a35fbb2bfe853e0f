// The C interface of allocation: checks the importance of all layers, runs the method, and selects layer by layer.
#include "c_api/guard.h"
#include "c_api/handles.h"
#include "selection/allocation/allocation.h"
#include "selection/arguments.h"
#include "selection/importance.h"
#include "selection/write_blocks.h"

namespace ubp::selection {
namespace {

using c_api::ErrorLine;

struct Allocation {
    Allocation(unsigned threads, uint32_t asked_method) : pool(threads), method(asked_method) {}

    ThreadPool pool;
    uint32_t method;
    std::vector<Share> shares;
    Findings findings;
};

c_api::HandleTable<Allocation, ubp_allocation> allocations;

// "" or what is wrong with the shares; counts all weights.
const char* fault_of_shares(const ubp_share* shares, int64_t layers, const ubp_selection_options& options,
                            int64_t& weights) {
    int64_t least = 0, most = 0;
    for (const ubp_share* share = shares; share != shares + layers; ++share) {
        if (!share->importance) return "importance must not be null";
        if (!is_good_shape(share->rows, share->columns)) return kBadShape;
        if (!(share->scale > 0)) return "scale must be more than 0";
        const int64_t capacity = capacity_of(share->rows, share->columns, options.block_size);
        if (share->floor < 0 || share->floor > share->ceiling || share->ceiling > capacity)
            return "a share needs 0 <= floor <= ceiling <= columns * (rows / block_size)";
        least += share->floor, most += share->ceiling;
        weights += share->rows * share->columns;
    }
    return least <= options.budget && options.budget <= most
               ? ""
               : "budget must lie between the sums of floors and ceilings";
}

ubp_status allocate(Allocation& allocation, int64_t budget, int64_t* found, const ErrorLine& line) {
    for (Share& share : allocation.shares)
        if (!sum_importance(share.problem, &share.total)) return line.fail(UBP_REFUSED, kBadImportance);
    *found = budget;
    const auto method = static_cast<int32_t>(allocation.method);
    if (method == UBP_METHOD_OPTIMAL) allocate_by_price(allocation.shares, budget, allocation.findings);
    else *found = allocate_by_gains(allocation.shares, budget, method, allocation.findings);
    return *found == budget ? UBP_OK : line.fail(UBP_EXHAUSTED, kExhausted);
}

ubp_status open_with(unsigned threads, ubp_share* shares, int64_t layers, const ubp_selection_options& options,
                     int64_t* found, ubp_allocation** out, const ErrorLine& line) {
    auto allocation = std::make_unique<Allocation>(threads, options.method);
    for (const ubp_share* share = shares; share != shares + layers; ++share) {
        const Problem problem{share->importance, share->rows, share->columns, options.block_size, 0, allocation->pool};
        allocation->shares.push_back({problem, share->scale, share->floor, share->ceiling});
    }
    const ubp_status status = allocate(*allocation, options.budget, found, line);
    for (int64_t l = 0; l < layers; ++l)
        shares[l].count = allocation->shares[l].count, shares[l].bound = allocation->shares[l].bound;
    if (status == UBP_OK) *out = allocations.open(std::move(allocation));
    return status == UBP_OK && !*out ? line.fail(UBP_NO_MEMORY, c_api::kTooManyHandles) : status;
}

ubp_status open(ubp_share* shares, int64_t layers, const ubp_selection_options& options, int64_t* found,
                ubp_allocation** out, const ErrorLine& line) {
    int64_t weights = 0;
    if (const char* fault = fault_of(options); *fault) return line.bad_argument(fault);
    if (const char* fault = fault_of_shares(shares, layers, options, weights); *fault) return line.bad_argument(fault);
    return c_api::with_threads(threads_for(weights, options.threads), [&](unsigned threads) {
        return open_with(threads, shares, layers, options, found, out, line);
    });
}

ubp_status select(const Allocation& allocation, const Share& share, size_t layer, int32_t* rows, int32_t* columns,
                  ubp_selection_info* info, const ErrorLine& line) {
    StartBits starts(share.problem);
    *info = {};
    info->total = share.total;
    info->upper_bound =
        select_share(share, layer, static_cast<int32_t>(allocation.method), allocation.findings, starts);
    info->found = write_blocks(share.problem, starts, rows, columns, &info->kept);
    return info->found == share.count ? UBP_OK : line.fail(UBP_EXHAUSTED, kExhausted);
}

}  // namespace
}  // namespace ubp::selection

ubp_status ubp_allocation_open(ubp_share* shares, int64_t layers, const ubp_selection_options* options, int64_t* found,
                               ubp_allocation** allocation, char* error, size_t error_size) {
    using namespace ubp;
    return c_api::guard(error, error_size, [&](const c_api::ErrorLine& line) {
        if (!found || !allocation) return line.bad_argument(c_api::kNoOutput);
        *found = 0, *allocation = nullptr;
        if (!shares || !options || layers < 1) return line.bad_argument("shares and options must not be null");
        return selection::open(shares, layers, *options, found, allocation, line);
    });
}

ubp_status ubp_allocation_select(const ubp_allocation* allocation, int64_t layer, int32_t* out_rows,
                                 int32_t* out_columns, ubp_selection_info* info, char* error, size_t error_size) {
    using namespace ubp;
    return c_api::guard(error, error_size, [&](const c_api::ErrorLine& line) {
        const selection::Allocation* const from = selection::allocations.find(allocation);
        if (!from) return line.bad_argument(c_api::kClosed);
        if (layer < 0 || layer >= static_cast<int64_t>(from->shares.size())) return line.bad_argument("no such layer");
        const selection::Share& share = from->shares[static_cast<size_t>(layer)];
        if (!info || (share.count > 0 && (!out_rows || !out_columns))) return line.bad_argument(c_api::kNoOutput);
        return selection::select(*from, share, static_cast<size_t>(layer), out_rows, out_columns, info, line);
    });
}

void ubp_allocation_close(ubp_allocation* allocation) { ubp::selection::allocations.close(allocation); }
