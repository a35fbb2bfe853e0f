// The blocks of a layer whose count is known, from what sharing out has found.
#include <algorithm>

#include "selection/allocation/allocation.h"
#include "ubp/selection_c.h"

namespace ubp::selection {
namespace {

// Whether the network's prices tell which blocks the layer takes. Where it takes as many at both prices by its floor or
// ceiling, its columns were not looked at to the end, and the price at which they take its count is another.
bool is_decided(const Share& share, const PriceBracket& bracket) {
    const int64_t low = bracket.low.total, high = bracket.high.total;
    if (std::clamp(low, share.floor, share.ceiling) != std::clamp(high, share.floor, share.ceiling))
        return high <= share.count && share.count <= low;
    return low == high && share.floor < low && low < share.ceiling;
}

double select_by_price(const Problem& problem, const Share& share, size_t layer, const Findings& findings,
                       StartBits& starts) {
    if (problem.budget == 0) return 0;
    if (findings.sums.empty()) return select_optimal(problem, starts);
    const TileSums& sums = findings.sums[layer];
    if (is_decided(share, findings.brackets[layer]))
        return select_between(problem, sums, findings.brackets[layer], starts);
    return select_with_sums(problem, sums, starts);
}

}  // namespace

double select_share(const Share& share, size_t layer, int32_t method, const Findings& findings, StartBits& starts) {
    Problem problem = share.problem;
    problem.budget = share.count;
    if (method == UBP_METHOD_OPTIMAL) return select_by_price(problem, share, layer, findings, starts);
    if (!findings.steps.empty() &&
        findings.steps[layer]->count_from(findings.threshold / share.scale) >= problem.budget) {
        findings.steps[layer]->select(problem, starts);
        return 0;
    }
    switch (method) {
        case UBP_METHOD_ABP: select_aligned(problem, starts); break;
        case UBP_METHOD_GREEDY: select_greedy(problem, starts); break;
        case UBP_METHOD_BED: select_bed(problem, starts); break;
        default: select_unstructured(problem, starts);
    }
    return 0;
}

}  // namespace ubp::selection
