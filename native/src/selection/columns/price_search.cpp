#include "selection/columns/price_search.h"

#include <cmath>
#include <cstring>

namespace ubp::selection {
namespace {

constexpr int64_t kSampleTiles = 12;  // tiles that a first search looks at, or one of each layer
constexpr int kStalledRounds = 6;     // rounds without any change after which the difference is taken for ties

struct Item {
    int64_t layer, tile;
};

// All layers at one price.
struct Point {
    double price = 0, total = 0;
    std::vector<PricePoint> layers;
};

// The search on some of the tiles. A tile is evaluated again only while one of its columns differs between the ends,
// and its layer does, floor and ceiling considered.
class Search {
public:
    // Looks at one tile in `step` of each layer, and takes its columns for all.
    Search(const std::vector<PricedLayer>& layers, int64_t budget, int64_t step);
    void narrow(double until_gap);
    void try_prices(double lower, double upper);
    double low_price() const { return low_.price; }
    double high_price() const { return high_.price; }
    // Columns for each that is looked at.
    double columns_per_sample() const { return columns_ / sampled_; }
    NetworkBracket take();

private:
    double gap() const { return low_.total - high_.total; }
    double layer_total(const PricedLayer& layer, const PricePoint& point, double factor) const;
    void sum_up(Point& point) const;
    std::pair<double, double> interpolated() const;
    std::pair<double, double> thirds() const;
    std::vector<Item> unsettled() const;
    void adopt(Point&& point);

    const std::vector<PricedLayer>& layers_;
    ThreadPool& pool_;
    std::vector<Item> items_;
    std::vector<double> factors_;  // of each layer: its columns for each that is looked at
    double budget_, columns_ = 0, sampled_ = 0;
    Point low_, high_;
};

double largest_sum(const PricedLayer& layer, int64_t tile) {
    const double* values = layer.sums->tile(tile);
    double lanes[kTile] = {};
    for (int64_t row = 0; row < layer.problem->windows(); ++row, values += kTile)
        for (int lane = 0; lane < kTile; ++lane) lanes[lane] = std::max(lanes[lane], values[lane]);
    return *std::max_element(lanes, lanes + kTile) * layer.scale;
}

// No evaluation is needed at the ends. Gains are never negative (nor above the largest window), so below zero every
// column takes all it can hold.
Search::Search(const std::vector<PricedLayer>& layers, int64_t budget, int64_t step)
    : layers_(layers), pool_(layers[0].problem->pool), budget_(static_cast<double>(budget)) {
    for (int64_t l = 0; l < static_cast<int64_t>(layers.size()); ++l) {
        const Problem& problem = *layers[l].problem;
        PricePoint low, high;
        low.counts.resize(problem.tiles() * kTile);
        high.counts.resize(problem.tiles() * kTile);
        int64_t sampled = 0;
        for (int64_t tile = 0; tile < problem.tiles(); tile += step) {
            const int64_t width = problem.tile_width(tile);
            items_.push_back({l, tile});
            std::fill_n(low.counts.begin() + tile * kTile, width, problem.rows / problem.block_size);
            sampled += width;
        }
        low.total = sampled * (problem.rows / problem.block_size);
        factors_.push_back(static_cast<double>(problem.columns) / static_cast<double>(sampled));
        columns_ += static_cast<double>(problem.columns), sampled_ += static_cast<double>(sampled);
        low_.layers.push_back(std::move(low));
        high_.layers.push_back(std::move(high));
    }
    std::vector<double> best(items_.size());
    pool_.for_each(static_cast<int64_t>(items_.size()),
                   [&](int64_t i) { best[i] = largest_sum(layers_[items_[i].layer], items_[i].tile); });
    const double top = *std::max_element(best.begin(), best.end());
    low_.price = top > 0 ? -top : -1;
    high_.price = top * (1 + 0x1p-50);  // a little more: divided by a layer's scale it must still be no gain
    sum_up(low_);
    sum_up(high_);
}

double Search::layer_total(const PricedLayer& layer, const PricePoint& point, double factor) const {
    return std::clamp(static_cast<double>(point.total) * factor, static_cast<double>(layer.floor),
                      static_cast<double>(layer.ceiling));
}

void Search::sum_up(Point& point) const {
    point.total = 0;
    for (size_t l = 0; l < layers_.size(); ++l) {
        point.layers[l].price = point.price / layers_[l].scale;
        point.total += layer_total(layers_[l], point.layers[l], factors_[l]);
    }
}

std::vector<Item> Search::unsettled() const {
    std::vector<Item> left;
    for (const auto [l, tile] : items_) {
        const PricePoint &low = low_.layers[l], &high = high_.layers[l];
        if (layer_total(layers_[l], low, factors_[l]) != layer_total(layers_[l], high, factors_[l]) &&
            std::memcmp(&low.counts[tile * kTile], &high.counts[tile * kTile], sizeof(double) * kTile) != 0)
            left.push_back({l, tile});
    }
    return left;
}

void Search::adopt(Point&& point) {
    if (point.total >= budget_ && point.price > low_.price) low_ = std::move(point);
    else if (point.total < budget_ && point.price < high_.price) high_ = std::move(point);
}

// Evaluates two prices in one pass over the tiles that are not settled.
void Search::try_prices(double lower, double upper) {
    Point points[2] = {high_, high_};
    points[0].price = lower;
    points[1].price = upper;
    const std::vector<Item> items = unsettled();
    pool_.for_each(static_cast<int64_t>(items.size()), [&](int64_t i) {
        const auto [l, tile] = items[i];
        const Problem& problem = *layers_[l].problem;
        alignas(64) double prices[2 * kTile], values[2 * kTile], counts[2 * kTile];
        for (int j = 0; j < 2 * kTile; ++j) prices[j] = points[j / kTile].price / layers_[l].scale;
        priced_value_pair(problem, layers_[l].sums->tile(tile), prices, values, counts);
        for (int64_t j = 0; j < 2 * kTile; ++j)  // a padding column is all zeros: below price 0 it would take blocks
            points[j / kTile].layers[l].counts[tile * kTile + j % kTile] =
                j % kTile < problem.tile_width(tile) ? counts[j] : 0;
    });
    for (auto& point : points) {
        std::vector<double> totals(layers_.size());
        for (const auto [l, tile] : items_)
            for (int lane = 0; lane < kTile; ++lane) totals[l] += point.layers[l].counts[tile * kTile + lane];
        for (size_t l = 0; l < layers_.size(); ++l) point.layers[l].total = static_cast<int64_t>(totals[l]);
        sum_up(point);
        adopt(std::move(point));
    }
}

// Prices at which a count that falls evenly along the bracket would stand a little above and below the budget.
std::pair<double, double> Search::interpolated() const {
    const double low = low_.price, high = high_.price;
    const double margin = 1 + std::sqrt(gap()), over = low_.total - budget_;
    auto at = [&](double blocks) { return low + (high - low) * std::clamp(blocks / gap(), 0.02, 0.98); };
    return {at(over - margin), at(over + margin)};
}

// Divides the bracket in three by the floating-point numbers between its ends, which finds any price in some forty
// rounds, however unevenly the gains lie.
std::pair<double, double> Search::thirds() const {
    auto rank = [](double x) {
        int64_t bits;
        std::memcpy(&bits, &x, sizeof bits);
        return bits >= 0 ? bits : INT64_MIN - bits;
    };
    auto number = [](int64_t r) {
        const int64_t bits = r >= 0 ? r : INT64_MIN - r;
        double x;
        std::memcpy(&x, &bits, sizeof x);
        return x;
    };
    const int64_t low = rank(low_.price), high = rank(high_.price), third = high / 3 - low / 3;
    return {number(low + third), number(high - third)};
}

void Search::narrow(double until_gap) {
    bool interpolate = true;
    for (int stalled = 0; gap() > until_gap && stalled < kStalledRounds;) {
        const double before = gap();
        const auto [lower, upper] = interpolate ? interpolated() : thirds();
        try_prices(lower, upper);
        stalled = gap() == before ? stalled + 1 : 0;
        interpolate = gap() < before / 4;
    }
}

NetworkBracket Search::take() {
    NetworkBracket bracket{low_.price, high_.price, {}};
    for (size_t l = 0; l < layers_.size(); ++l)
        bracket.layers.push_back({std::move(low_.layers[l]), std::move(high_.layers[l])});
    return bracket;
}

}  // namespace

TileSums::TileSums(const Problem& problem)
    : stride_(problem.windows() * kTile), sums_(problem.tiles() * problem.windows() * kTile) {
    problem.pool.for_each(problem.tiles(), [&](int64_t tile) { window_sums(problem, tile, &sums_[tile * stride_]); });
}

NetworkBracket find_prices(const std::vector<PricedLayer>& layers, int64_t budget) {
    Search search(layers, budget, 1);
    int64_t tiles = 0, columns = 0;
    for (const auto& layer : layers) tiles += layer.problem->tiles(), columns += layer.problem->columns;
    if (const int64_t step = tiles / kSampleTiles; step >= 4) {
        Search sample(layers, budget, step);
        const double factor = sample.columns_per_sample();
        sample.narrow(factor * (4 * std::sqrt(static_cast<double>(budget) / factor) + 1));
        search.try_prices(sample.low_price(), sample.high_price());
    }
    search.narrow(static_cast<double>(std::max<int64_t>(8, columns / 8)));
    return search.take();
}

}  // namespace ubp::selection
