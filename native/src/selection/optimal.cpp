// The exact optimum: one price per block serves all columns, because the best total of a column is concave in its
// number of blocks. The few columns that differ between two close prices are resolved gain by gain.
#include <algorithm>
#include <cmath>

#include "selection/price_search.h"

namespace ubp::selection {
namespace {

// A best choice of one column at some price.
struct Choice {
    double price = 0;
    int64_t count = 0;
    double sum = 0;  // of the window sums taken, price not paid
};

// `count` more blocks of one column, each worth `gain`, between two choices that follow one another on its curve.
struct Segment {
    double gain;
    int64_t column;
    Choice low, high;  // low: more blocks (lower price)
};

// One column, by plain code. The arithmetic is that of the vector kernels, so the answer is the same.
class Column {
public:
    Column(const Problem& problem, const TileSums& sums, int64_t column)
        : problem_(problem), sums_(sums.tile(column / kTile) + column % kTile), taken_(problem.windows()) {}

    Choice choose(double price);
    // Start rows of the last choice.
    std::vector<int64_t> starts() const;

private:
    double sum(int64_t start) const { return sums_[start * kTile]; }

    const Problem& problem_;
    const double* sums_;
    std::vector<uint8_t> taken_;
};

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

std::vector<Segment> find_segments(const Problem& problem, const TileSums& sums, const PriceBracket& bracket) {
    std::vector<std::vector<Segment>> found(problem.columns);
    problem.crew.for_each(problem.columns, [&](int64_t k) {
        if (bracket.low.counts[k] == bracket.high.counts[k]) return;
        Column column(problem, sums, k);
        const Choice low = column.choose(bracket.low.price), high = column.choose(bracket.high.price);
        add_segments(column, k, low, high, found[k]);
        // Concave up to rounding, which weights of very unequal size can make visible.
        for (size_t i = 1; i < found[k].size(); ++i) found[k][i].gain = std::min(found[k][i].gain, found[k][i - 1].gain);
    });
    std::vector<Segment> segments;
    for (const auto& own : found) segments.insert(segments.end(), own.begin(), own.end());
    std::stable_sort(segments.begin(), segments.end(), [](const Segment& a, const Segment& b) { return a.gain > b.gain; });
    return segments;
}

// Two selections of one column that are best at the same price, of `few` and `many` blocks, mixed into one of `count`.
// Their overlaps form paths (windows of one length on a line); exchanging the windows of one path changes the number
// by at most one and, both being best, the sum by the price times that.
std::vector<int64_t> mix_choices(const std::vector<int64_t>& few, const std::vector<int64_t>& many, int64_t count,
                                 int64_t block_size) {
    std::vector<int64_t> mixed;
    int64_t wanted = count - static_cast<int64_t>(few.size());
    for (size_t i = 0, j = 0; i < few.size() || j < many.size();) {
        const size_t first_few = i, first_many = j;
        int64_t end = INT64_MIN;  // of the path's windows so far
        for (bool grew = true; grew;) {
            grew = false;
            const bool few_next = i < few.size() && (j == many.size() || few[i] <= many[j]);
            const int64_t start = few_next ? few[i] : j < many.size() ? many[j] : INT64_MAX;
            if (start != INT64_MAX && (end == INT64_MIN || start < end)) {
                end = start + block_size;
                few_next ? ++i : ++j;
                grew = true;
            }
        }
        const bool exchange = wanted > 0 && (j - first_many) > (i - first_few);
        wanted -= exchange;
        if (exchange) mixed.insert(mixed.end(), many.begin() + first_many, many.begin() + j);
        else mixed.insert(mixed.end(), few.begin() + first_few, few.begin() + i);
    }
    return mixed;
}

// What is left to decide once the gains are ranked: the price at which each column is cut, and the one column whose
// number lies between two choices of equal worth.
struct Decision {
    std::vector<double> prices;  // [tiles * kTile]
    double last_gain = 0;
    const Segment* partial = nullptr;
    int64_t partial_count = 0;
};

Decision decide(const Problem& problem, const PriceBracket& bracket, const std::vector<Segment>& segments) {
    Decision decision{std::vector<double>(problem.tiles() * kTile, bracket.high.price), bracket.high.price, nullptr, 0};
    int64_t left = problem.budget - bracket.high.total;
    for (const Segment& segment : segments) {
        if (left == 0) break;
        const int64_t count = segment.low.count - segment.high.count;
        decision.last_gain = segment.gain;
        if (count > left) {
            decision.partial = &segment;
            decision.partial_count = segment.high.count + left;
            break;
        }
        decision.prices[segment.column] = segment.low.price;
        left -= count;
    }
    return decision;
}

void write_starts(const Problem& problem, const TileSums& sums, const Decision& decision, StartBits& starts) {
    problem.crew.for_each(problem.tiles(), [&](int64_t tile) {
        alignas(64) double prices[kTile];
        std::copy_n(&decision.prices[tile * kTile], kTile, prices);
        uint16_t* words = starts.tile(tile);
        priced_starts(problem, sums.tile(tile), prices, words);
        const auto real = static_cast<uint16_t>((1u << problem.tile_width(tile)) - 1);
        for (int64_t row = 0; row < problem.rows; ++row) words[row] &= real;
    });
    if (decision.partial == nullptr) return;
    const Segment& partial = *decision.partial;
    Column column(problem, sums, partial.column);
    column.choose(partial.high.price);
    const auto few = column.starts();
    column.choose(partial.low.price);
    const auto mixed = mix_choices(few, column.starts(), decision.partial_count, problem.block_size);
    const auto bit = static_cast<uint16_t>(1u << (partial.column % kTile));
    uint16_t* words = starts.tile(partial.column / kTile);
    for (int64_t row = 0; row < problem.rows; ++row) words[row] &= static_cast<uint16_t>(~bit);
    for (int64_t row : mixed) words[row] |= bit;
}

// By weak duality: sum of the columns' values at any price, plus the price of the budget.
double upper_bound(const Problem& problem, const TileSums& sums, double price) {
    std::vector<double> values(problem.tiles() * kTile);
    problem.crew.for_each(problem.tiles(), [&](int64_t tile) {
        alignas(64) double prices[kTile], value[kTile], count[kTile];
        std::fill_n(prices, kTile, price);
        priced_value(problem, sums.tile(tile), prices, value, count);
        std::copy_n(value, problem.tile_width(tile), &values[tile * kTile]);
    });
    double bound = price * static_cast<double>(problem.budget);
    for (double value : values) bound += value;
    return bound;
}

}  // namespace

double select_optimal(const Problem& problem, StartBits& starts) {
    if (problem.budget == 0) return 0;
    const TileSums sums(problem);
    const PriceBracket bracket = find_prices(problem, sums);
    const std::vector<Segment> segments = find_segments(problem, sums, bracket);
    const Decision decision = decide(problem, bracket, segments);
    write_starts(problem, sums, decision, starts);
    return upper_bound(problem, sums, decision.last_gain);
}

}  // namespace ubp::selection
