// One price over all layers, and the exact gains of the columns that two close prices leave open.
#include <limits>
#include <utility>

#include "selection/allocation/allocation.h"
#include "selection/columns/gain_curve.h"

namespace ubp::selection {
namespace {

// `count` more blocks of one layer, each worth `gain` (scaled).
struct Offer {
    double gain;
    size_t layer;
    int64_t count;
};

// The gains of one layer that lie between the prices, and between floor and ceiling.
void add_offers(size_t index, const PricedLayer& layer, const PriceBracket& bracket, std::vector<Offer>& offers) {
    if (layer.clamp(bracket.low.total) == layer.clamp(bracket.high.total)) return;
    int64_t count = bracket.high.total;
    for (const Segment& segment : find_segments(*layer.problem, *layer.sums, bracket)) {
        const int64_t before = layer.clamp(count);
        count += segment.low.count - segment.high.count;
        if (const int64_t more = layer.clamp(count) - before)
            offers.push_back({segment.gain * layer.scale, index, more});
    }
}

// Hands out what the layers take at the higher price, then offer by offer. Returns the price of the last one.
double take_offers(std::vector<Share>& shares, const NetworkBracket& bracket, const std::vector<PricedLayer>& layers,
                   int64_t budget) {
    std::vector<Offer> offers;
    for (size_t l = 0; l < layers.size(); ++l) {
        shares[l].count = layers[l].clamp(bracket.layers[l].high.total);
        budget -= shares[l].count;
        add_offers(l, layers[l], bracket.layers[l], offers);
    }
    std::stable_sort(offers.begin(), offers.end(), [](const Offer& a, const Offer& b) { return a.gain > b.gain; });
    double price = bracket.high_price;
    for (const Offer& offer : offers) {
        if (budget == 0) break;
        const int64_t taken = std::min(budget, offer.count);
        shares[offer.layer].count += taken;
        budget -= taken;
        price = offer.gain;
    }
    return price;
}

// True where there is nothing to decide; the counts are set then.
bool are_fixed(std::vector<Share>& shares, int64_t budget) {
    int64_t least = 0, most = 0;
    for (const Share& share : shares) least += share.floor, most += share.ceiling;
    if (budget != least && budget != most) return false;
    for (Share& share : shares) {
        share.count = budget == least ? share.floor : share.ceiling;
        share.bound = std::numeric_limits<double>::infinity();
    }
    return true;
}

}  // namespace

void allocate_by_price(std::vector<Share>& shares, int64_t budget, Findings& findings) {
    if (are_fixed(shares, budget)) return;
    std::vector<PricedLayer> layers;
    for (const Share& share : shares) {
        findings.sums.emplace_back(share.problem);
        layers.push_back({&share.problem, &findings.sums.back(), share.scale, share.floor, share.ceiling});
    }
    NetworkBracket bracket = find_prices(layers, budget);
    const double price = take_offers(shares, bracket, layers, budget);
    for (size_t l = 0; l < shares.size(); ++l)
        shares[l].bound = upper_bound(shares[l].problem, findings.sums[l], price / shares[l].scale, shares[l].count);
    findings.brackets = std::move(bracket.layers);
}

}  // namespace ubp::selection
