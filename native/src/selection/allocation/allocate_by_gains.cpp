// One threshold over the gains of all layers. A sample of the tiles tells which gains need not be looked for.
#include <algorithm>
#include <cmath>
#include <limits>

#include "selection/allocation/allocation.h"
#include "ubp/selection_c.h"

namespace ubp::selection {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();
using Gains = std::vector<double>;

// Sums of the aligned windows of `size` rows.
Gains window_gains(const Problem& problem, int64_t size, int64_t tile, double threshold) {
    const int64_t width = problem.tile_width(tile);
    const float* values = problem.importance + tile * kTile;
    Gains gains;
    for (int64_t window = 0; window < problem.rows / size; ++window) {
        double sums[kTile] = {};
        for (int64_t row = 0; row < size; ++row, values += problem.columns)
            for (int64_t lane = 0; lane < width; ++lane) sums[lane] += values[lane];
        for (int64_t lane = 0; lane < width; ++lane)
            if (sums[lane] >= threshold) gains.push_back(sums[lane]);
    }
    return gains;
}

// The gains of all tiles of all layers that reach a threshold (scaled): of greedy and bed as steps, of the others
// alone.
class NetworkGains {
public:
    NetworkGains(const std::vector<Share>& shares, int32_t method, Findings& findings);
    void run_samples();
    void run_rest(double threshold);
    // Scaled gains of one layer, of its sample tiles or of all.
    Gains of_layer(size_t layer, bool samples_only) const;

private:
    struct Item {
        size_t layer;
        int64_t tile;
        Gains gains;  // of abp and unstructured
    };
    void run(Item& item, double threshold);
    void add_gains(const Item& item, Gains& gains) const;

    const std::vector<Share>& shares_;
    int32_t method_;
    std::vector<std::unique_ptr<Steps>>& steps_;  // of each layer, or of none
    std::vector<Item> items_;                     // by layer and tile
    std::vector<size_t> first_;                   // [layers + 1] first item of each layer
};

NetworkGains::NetworkGains(const std::vector<Share>& shares, int32_t method, Findings& findings)
    : shares_(shares), method_(method), steps_(findings.steps) {
    const TakeBest take_best = method == UBP_METHOD_GREEDY ? take_best_greedy : take_best_bed;
    for (size_t l = 0; l < shares.size(); ++l) {
        if (method == UBP_METHOD_GREEDY || method == UBP_METHOD_BED)
            steps_.push_back(std::make_unique<Steps>(shares[l].problem, take_best));
        first_.push_back(items_.size());
        for (int64_t tile = 0; tile < shares[l].problem.tiles(); ++tile) items_.push_back({l, tile, {}});
    }
    first_.push_back(items_.size());
}

void NetworkGains::run(Item& item, double threshold) {
    const Share& share = shares_[item.layer];
    threshold /= share.scale;
    if (!steps_.empty()) return steps_[item.layer]->run_tile(item.tile, threshold);
    item.gains =
        window_gains(share.problem, method_ == UBP_METHOD_ABP ? share.problem.block_size : 1, item.tile, threshold);
}

void NetworkGains::add_gains(const Item& item, Gains& gains) const {
    const Share& share = shares_[item.layer];
    const auto add = [&](const Gains& own) {
        for (double gain : own) gains.push_back(gain * share.scale);
    };
    if (steps_.empty()) return add(item.gains);
    for (int64_t lane = 0; lane < share.problem.tile_width(item.tile); ++lane)
        add(steps_[item.layer]->gains(item.tile * kTile + lane));
}

void NetworkGains::run_samples() {
    shares_[0].problem.pool.for_each(static_cast<int64_t>(items_.size()), [&](int64_t i) {
        if (is_sample(items_[i].tile)) run(items_[i], kNone);
    });
}

void NetworkGains::run_rest(double threshold) {
    shares_[0].problem.pool.for_each(static_cast<int64_t>(items_.size()), [&](int64_t i) {
        if (!is_sample(items_[i].tile)) run(items_[i], threshold);
    });
}

Gains NetworkGains::of_layer(size_t layer, bool samples_only) const {
    Gains gains;
    for (size_t i = first_[layer]; i < first_[layer + 1]; ++i)
        if (!samples_only || is_sample(items_[i].tile)) add_gains(items_[i], gains);
    return gains;
}

// Keeps the gains ranked `first` to `last` (of those there are), in any order.
void cut_ranks(Gains& gains, int64_t first, int64_t last) {
    const auto size = static_cast<int64_t>(gains.size());
    first = std::min(first, size), last = std::clamp(last, first, size);
    if (last < size) std::nth_element(gains.begin(), gains.begin() + last, gains.end(), std::greater<>());
    gains.resize(last);
    if (first < last) std::nth_element(gains.begin(), gains.begin() + first, gains.end(), std::greater<>());
    gains.erase(gains.begin(), gains.begin() + first);
}

// The largest price at which the weights of all gains above it exceed `need`; none where they never do.
struct Weighted {
    double gain, weight;
};

double weighted_threshold(std::vector<Weighted> pool, double need) {
    auto first = pool.begin(), last = pool.end();
    while (last - first > 1) {
        const auto middle = first + (last - first) / 2;
        std::nth_element(first, middle, last, [](const Weighted& a, const Weighted& b) { return a.gain > b.gain; });
        double weight = 0;
        for (auto at = first; at != middle; ++at) weight += at->weight;
        if (weight > need) last = middle;
        else need -= weight, first = middle;
    }
    return first != last && first + 1 != pool.end() ? first->gain : kNone;
}

// A gain that very probably more than enough gains of the network reach, from the sample tiles.
double sampled_threshold(const std::vector<Share>& shares, const NetworkGains& network, int64_t left) {
    std::vector<Weighted> pool;
    double weights = 0;
    for (size_t l = 0; l < shares.size(); ++l) {
        const Problem& problem = shares[l].problem;
        int64_t sampled = 0;
        for (int64_t tile = 0; tile < problem.tiles(); tile += kSampleStride) sampled += problem.tile_width(tile);
        const double weight = static_cast<double>(problem.columns) / static_cast<double>(sampled);
        Gains gains = network.of_layer(l, true);
        cut_ranks(gains, std::llround(shares[l].floor / weight), std::llround(shares[l].ceiling / weight));
        for (double gain : gains) pool.push_back({gain, weight});
        weights += weight * static_cast<double>(gains.size());
    }
    if (pool.empty()) return kNone;
    const double mean = weights / static_cast<double>(pool.size()), need = static_cast<double>(left);
    return weighted_threshold(std::move(pool), need * 1.02 + 3 * std::sqrt(need * mean) + mean);
}

// The gains of each layer that are open to choice: beyond its floor, up to its ceiling.
std::vector<Gains> open_gains(const std::vector<Share>& shares, const NetworkGains& network) {
    std::vector<Gains> open(shares.size());
    shares[0].problem.pool.for_each(static_cast<int64_t>(shares.size()), [&](int64_t l) {
        open[l] = network.of_layer(l, false);
        cut_ranks(open[l], shares[l].floor, shares[l].ceiling);
    });
    return open;
}

int64_t count_all(const std::vector<Gains>& gains) {
    int64_t count = 0;
    for (const auto& own : gains) count += static_cast<int64_t>(own.size());
    return count;
}

// How many reach a threshold: below it, only the gains of sample tiles are known.
int64_t count_from(const std::vector<Gains>& gains, double threshold) {
    int64_t count = 0;
    for (const auto& own : gains)
        count += std::count_if(own.begin(), own.end(), [=](double gain) { return gain >= threshold; });
    return count;
}

// Counts beyond the floors: what exceeds the `left`-th largest gain, then equals of it, layer by layer.
void take_largest(std::vector<Share>& shares, const std::vector<Gains>& open, int64_t left) {
    if (left == 0) return;
    Gains pool;
    pool.reserve(count_all(open));
    for (const auto& own : open) pool.insert(pool.end(), own.begin(), own.end());
    std::nth_element(pool.begin(), pool.begin() + (left - 1), pool.end(), std::greater<>());
    const double least = pool[left - 1];
    std::vector<int64_t> equals(shares.size());
    for (size_t l = 0; l < shares.size(); ++l)
        for (double gain : open[l]) shares[l].count += gain > least, left -= gain > least, equals[l] += gain == least;
    for (size_t l = 0; l < shares.size(); ++l) {
        const int64_t taken = std::min(left, equals[l]);
        shares[l].count += taken;
        left -= taken;
    }
}

}  // namespace

int64_t allocate_by_gains(std::vector<Share>& shares, int64_t budget, int32_t method, Findings& findings) {
    int64_t floors = 0;
    for (Share& share : shares) {
        share.count = share.floor;
        share.bound = std::numeric_limits<double>::infinity();
        floors += share.floor;
    }
    const int64_t left = budget - floors;
    NetworkGains network(shares, method, findings);
    network.run_samples();
    findings.threshold = sampled_threshold(shares, network, left);
    network.run_rest(findings.threshold);
    std::vector<Gains> open = open_gains(shares, network);
    if (count_from(open, findings.threshold) < left && findings.threshold != kNone) {
        findings.threshold = kNone;
        network.run_rest(kNone);
        open = open_gains(shares, network);
    }
    const int64_t found = std::min(left, count_all(open));
    take_largest(shares, open, found);
    return floors + found;
}

}  // namespace ubp::selection
