// The exact optimum: one price per block serves all columns, because the best total of a column is concave in its
// number of blocks. The few columns that differ between two close prices are resolved gain by gain.
#include <algorithm>

#include "selection/columns/gain_curve.h"

namespace ubp::selection {
namespace {

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
    problem.pool.for_each(problem.tiles(), [&](int64_t tile) {
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

}  // namespace

double select_optimal(const Problem& problem, StartBits& starts) {
    if (problem.budget == 0) return 0;
    return select_with_sums(problem, TileSums(problem), starts);
}

double select_with_sums(const Problem& problem, const TileSums& sums, StartBits& starts) {
    const int64_t capacity = problem.columns * (problem.rows / problem.block_size);
    return select_between(problem, sums, find_prices({{&problem, &sums, 1.0, 0, capacity}}, problem.budget).layers[0],
                          starts);
}

double select_between(const Problem& problem, const TileSums& sums, const PriceBracket& bracket, StartBits& starts) {
    const std::vector<Segment> segments = find_segments(problem, sums, bracket);
    const Decision decision = decide(problem, bracket, segments);
    write_starts(problem, sums, decision, starts);
    return upper_bound(problem, sums, decision.last_gain, problem.budget);
}

}  // namespace ubp::selection
