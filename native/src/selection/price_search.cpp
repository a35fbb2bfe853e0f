#include "selection/price_search.h"

#include <algorithm>
#include <cmath>
#include <cstring>


namespace ubp::selection {
namespace {

constexpr int64_t kSampleTiles = 12;   // tiles that a first search looks at
constexpr int kStalledRounds = 6;      // rounds without any change after which the difference is taken for ties

// The search on some of the tiles. A tile is evaluated again only while one of its columns differs between the ends.
class Search {
public:
    Search(const Problem& problem, const TileSums& sums, std::vector<int64_t> tiles, int64_t budget);
    void narrow(int64_t until_gap);
    void try_prices(double lower, double upper);
    const PriceBracket& bracket() const { return bracket_; }
    PriceBracket take() { return std::move(bracket_); }

private:
    std::pair<double, double> interpolated() const;
    std::pair<double, double> thirds() const;
    std::vector<int64_t> unsettled() const;
    void adopt(PricePoint&& point);

    const Problem& problem_;
    const TileSums& sums_;
    std::vector<int64_t> tiles_;
    int64_t budget_;
    PriceBracket bracket_;
};

double largest_sum(const Problem& problem, const TileSums& sums, const std::vector<int64_t>& tiles) {
    std::vector<double> best(tiles.size());
    problem.crew.for_each(static_cast<int64_t>(tiles.size()), [&](int64_t i) {
        const double* values = sums.tile(tiles[i]);
        double lanes[kTile] = {};
        for (int64_t row = 0; row < problem.windows(); ++row, values += kTile)
            for (int lane = 0; lane < kTile; ++lane) lanes[lane] = std::max(lanes[lane], values[lane]);
        best[i] = *std::max_element(lanes, lanes + kTile);
    });
    return best.empty() ? 0 : *std::max_element(best.begin(), best.end());
}

// No evaluation is needed at the ends. Gains are never negative (nor above the largest window), so below zero every
// column takes all it can hold.
Search::Search(const Problem& problem, const TileSums& sums, std::vector<int64_t> tiles, int64_t budget)
    : problem_(problem), sums_(sums), tiles_(std::move(tiles)), budget_(budget) {
    const double top = largest_sum(problem, sums, tiles_);
    bracket_.low.price = top > 0 ? -top : -1;
    bracket_.high.price = top;
    bracket_.low.counts.resize(problem.tiles() * kTile);
    bracket_.high.counts.resize(problem.tiles() * kTile);
    for (int64_t tile : tiles_) {
        const int64_t width = problem.tile_width(tile);
        std::fill_n(bracket_.low.counts.begin() + tile * kTile, width, problem.rows / problem.block_size);
        bracket_.low.total += width * (problem.rows / problem.block_size);
    }
}

std::vector<int64_t> Search::unsettled() const {
    std::vector<int64_t> left;
    for (int64_t tile : tiles_)
        if (std::memcmp(&bracket_.low.counts[tile * kTile], &bracket_.high.counts[tile * kTile], sizeof(double) * kTile))
            left.push_back(tile);
    return left;
}

void Search::adopt(PricePoint&& point) {
    if (point.total >= budget_ && point.price > bracket_.low.price) bracket_.low = std::move(point);
    else if (point.total < budget_ && point.price < bracket_.high.price) bracket_.high = std::move(point);
}

// Evaluates two prices in one pass over the tiles that are not settled.
void Search::try_prices(double lower, double upper) {
    PricePoint points[2] = {bracket_.high, bracket_.high};
    points[0].price = lower;
    points[1].price = upper;
    const std::vector<int64_t> tiles = unsettled();
    problem_.crew.for_each(static_cast<int64_t>(tiles.size()), [&](int64_t i) {
        alignas(64) double prices[2 * kTile], values[2 * kTile], counts[2 * kTile];
        for (int j = 0; j < 2 * kTile; ++j) prices[j] = points[j / kTile].price;
        priced_value_pair(problem_, sums_.tile(tiles[i]), prices, values, counts);
        for (int64_t j = 0; j < 2 * kTile; ++j)  // a padding column is all zeros: below price 0 it would take blocks
            points[j / kTile].counts[tiles[i] * kTile + j % kTile] = j % kTile < problem_.tile_width(tiles[i]) ? counts[j] : 0;
    });
    for (auto& point : points) {
        double total = 0;
        for (int64_t tile : tiles_)
            for (int lane = 0; lane < kTile; ++lane) total += point.counts[tile * kTile + lane];
        point.total = static_cast<int64_t>(total);
        adopt(std::move(point));
    }
}

// Prices at which a count that falls evenly along the bracket would stand a little above and below the budget.
std::pair<double, double> Search::interpolated() const {
    const double low = bracket_.low.price, high = bracket_.high.price, gap = static_cast<double>(bracket_.gap());
    const double margin = 1 + std::sqrt(gap), over = static_cast<double>(bracket_.low.total - budget_);
    auto at = [&](double blocks) { return low + (high - low) * std::clamp(blocks / gap, 0.02, 0.98); };
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
    const int64_t low = rank(bracket_.low.price), high = rank(bracket_.high.price), third = high / 3 - low / 3;
    return {number(low + third), number(high - third)};
}

void Search::narrow(int64_t until_gap) {
    bool interpolate = true;
    for (int stalled = 0; bracket_.gap() > until_gap && stalled < kStalledRounds;) {
        const int64_t before = bracket_.gap();
        const auto [lower, upper] = interpolate ? interpolated() : thirds();
        try_prices(lower, upper);
        stalled = bracket_.gap() == before ? stalled + 1 : 0;
        interpolate = bracket_.gap() < before / 4;
    }
}

std::vector<int64_t> every_tile(int64_t tiles, int64_t step) {
    std::vector<int64_t> chosen;
    for (int64_t tile = 0; tile < tiles; tile += step) chosen.push_back(tile);
    return chosen;
}

}  // namespace

TileSums::TileSums(const Problem& problem)
    : stride_(problem.windows() * kTile), sums_(problem.tiles() * problem.windows() * kTile) {
    problem.crew.for_each(problem.tiles(), [&](int64_t tile) { window_sums(problem, tile, &sums_[tile * stride_]); });
}

PriceBracket find_prices(const Problem& problem, const TileSums& sums) {
    Search search(problem, sums, every_tile(problem.tiles(), 1), problem.budget);
    const int64_t enough = std::max<int64_t>(8, problem.columns / 8);
    if (const int64_t step = problem.tiles() / kSampleTiles; step >= 4) {
        auto tiles = every_tile(problem.tiles(), step);
        int64_t columns = 0;
        for (int64_t tile : tiles) columns += problem.tile_width(tile);
        const int64_t share = problem.budget * columns / problem.columns;
        Search sample(problem, sums, std::move(tiles), share);
        sample.narrow(static_cast<int64_t>(4 * std::sqrt(static_cast<double>(share))) + 1);
        search.try_prices(sample.bracket().low.price, sample.bracket().high.price);
    }
    search.narrow(enough);
    return search.take();
}

}  // namespace ubp::selection
