// A column's best total is concave in its number of blocks: its gains are found corner by corner.
#include "selection/columns/gain_curve.h"

#include <algorithm>

namespace ubp::selection {

Choice Column::choose(double price) {
    const int64_t n = problem_.block_size;
    std::vector<double> values(problem_.rows + 1);
    for (int64_t start = 0; start < problem_.windows(); ++start) {
        const double with = values[start] + (sum(start) - price), without = values[start + n - 1];
        taken_[start] = with > without;
        values[start + n] = taken_[start] ? with : without;
    }
    Choice choice{price, 0, 0};
    for (int64_t start : starts()) ++choice.count, choice.sum += sum(start);
    return choice;
}

std::vector<int64_t> Column::starts() const {
    std::vector<int64_t> starts;
    for (int64_t start = problem_.windows() - 1; start >= 0;) {
        if (taken_[start]) starts.push_back(start);
        start -= taken_[start] ? problem_.block_size : 1;
    }
    std::reverse(starts.begin(), starts.end());
    return starts;
}

namespace {

// All gains of a column between two choices, largest first: the slopes of its concave curve. A choice at the slope of
// the chord is either above it, and divides it, or shows that all gains between are equal.
void add_segments(Column& column, int64_t index, const Choice& low, const Choice& high, std::vector<Segment>& out) {
    const int64_t count = low.count - high.count;
    if (count <= 0) return;
    const double slope = (low.sum - high.sum) / static_cast<double>(count);
    if (count > 1) {
        const Choice middle = column.choose(slope);
        if (middle.count < low.count && middle.count > high.count) {
            add_segments(column, index, middle, high, out);
            add_segments(column, index, low, middle, out);
            return;
        }
    }
    out.push_back({slope, index, low, high});
}

}  // namespace

std::vector<Segment> find_segments(const Problem& problem, const TileSums& sums, const PriceBracket& bracket) {
    std::vector<std::vector<Segment>> found(problem.columns);
    problem.pool.for_each(problem.columns, [&](int64_t k) {
        if (bracket.low.counts[k] == bracket.high.counts[k]) return;
        Column column(problem, sums, k);
        const Choice low = column.choose(bracket.low.price), high = column.choose(bracket.high.price);
        add_segments(column, k, low, high, found[k]);
        // Concave up to rounding, which weights of very unequal size can make visible.
        for (size_t i = 1; i < found[k].size(); ++i)
            found[k][i].gain = std::min(found[k][i].gain, found[k][i - 1].gain);
    });
    std::vector<Segment> segments;
    for (const auto& own : found) segments.insert(segments.end(), own.begin(), own.end());
    std::stable_sort(segments.begin(), segments.end(),
                     [](const Segment& a, const Segment& b) { return a.gain > b.gain; });
    return segments;
}

double upper_bound(const Problem& problem, const TileSums& sums, double price, int64_t blocks) {
    std::vector<double> values(problem.tiles() * kTile);
    problem.pool.for_each(problem.tiles(), [&](int64_t tile) {
        alignas(64) double prices[kTile], value[kTile], count[kTile];
        std::fill_n(prices, kTile, price);
        priced_value(problem, sums.tile(tile), prices, value, count);
        std::copy_n(value, problem.tile_width(tile), &values[tile * kTile]);
    });
    double bound = price * static_cast<double>(blocks);
    for (double value : values) bound += value;
    return bound;
}

}  // namespace ubp::selection
