// The sequential methods on one column: the best window again and again.
#include <algorithm>
#include <limits>

#include "selection/columns/column_kernels.h"
#include "selection/columns/vectors.h"

namespace ubp::selection {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();

inline Vec maximum(Vec a, Vec b) { return a > b ? a : b; }

inline double largest(Vec v) {
    double best = v[0];
    for (int lane = 1; lane < kLanes; ++lane) best = v[lane] > best ? v[lane] : best;
    return best;
}

inline void refresh_group(ColumnState& state, int64_t group) {
    const double* scores = state.scores + group * kTile;
    state.best[group] = largest(maximum(load(scores), load(scores + kLanes)));
}

void fill_groups(ColumnState& state) {
    const int64_t groups = padded(state.rows, kTile) / kTile;
    for (int64_t group = 0; group < groups; ++group) refresh_group(state, group);
    for (int64_t group = groups; group < padded(groups, kLanes); ++group) state.best[group] = kNone;
}

// Index of the first entry that equals `value`; there is one.
inline int64_t first_equal(const double* values, double value) {
    for (int64_t base = 0;; base += kLanes)
        if (const unsigned bits = bits_of(load(values + base) == splat(value))) return base + __builtin_ctz(bits);
}

// The row whose window has the largest score; the lowest row of equals.
inline int64_t best_row(const ColumnState& state, double* gain) {
    const int64_t groups = padded(state.rows, kTile) / kTile;
    Vec best = load(state.best);
    for (int64_t group = kLanes; group < groups; group += kLanes) best = maximum(best, load(state.best + group));
    *gain = largest(best);
    if (*gain == kNone) return 0;
    const int64_t group = first_equal(state.best, *gain);
    return group * kTile + first_equal(state.scores + group * kTile, *gain);
}

}  // namespace

int64_t take_best_greedy(ColumnState& state, double threshold, double* gains, int32_t* labels) {
    const int64_t n = state.block_size;
    fill_groups(state);
    for (int64_t step = 0;; ++step) {
        double gain;
        const int64_t row = best_row(state, &gain);
        if (gain == kNone || gain < threshold) return step;
        gains[step] = gain;
        const int64_t from = row >= n ? row - n + 1 : 0, to = std::min(row + n, state.rows);
        for (int64_t r = from; r < to; ++r) state.scores[r] = kNone;
        for (int64_t r = row; r < row + n; ++r) labels[r] = static_cast<int32_t>(step);
        for (int64_t group = from / kTile; group <= (to - 1) / kTile; ++group) refresh_group(state, group);
    }
}

namespace {

// The groups whose largest score may have changed in one step.
struct Touched {
    int32_t groups[2 * kMaxBlock + 1];
    int count = 0;
    void add(int32_t row) {
        const int32_t group = row / kTile;
        if (count == 0 || groups[count - 1] != group) groups[count++] = group;
    }
};

// Takes the rows of the window at `row` out of the list and returns the first row after them.
int32_t remove_window(ColumnState& state, int32_t row, int32_t label, int32_t* labels, Touched& touched) {
    int32_t *next = state.next + 1, *previous = state.previous + 1;
    const int32_t above = previous[row];
    for (int64_t i = 0; i < state.block_size; ++i, row = next[row]) {
        labels[row] = label;
        state.scores[row] = kNone;
        touched.add(row);
    }
    previous[row] = above;
    next[above] = row;
    return row;
}

// Scores the windows that span the gap above `after` anew, from their own rows. The sum equals
// S[i-n] + S[i-n+N] - S[i], without the cancellation.
void rescore_gap(ColumnState& state, int32_t after, Touched& touched) {
    const int64_t n = state.block_size;
    const int32_t *next = state.next + 1, *previous = state.previous + 1;
    double below[kMaxBlock];  // below[m]: sum of the m rows after the gap
    int64_t available = 0;
    double sum = 0;
    for (int32_t r = after; r < state.rows && available + 1 < n; r = next[r])
        below[++available] = sum += state.importance[r];
    sum = 0;
    int32_t r = previous[after];
    for (int64_t m = 1; m < n && r >= 0; ++m, r = previous[r]) {
        sum += state.importance[r];
        state.scores[r] = n - m <= available ? sum + below[n - m] : kNone;
        touched.add(r);
    }
}

}  // namespace

// Contraction: the rows of the best window leave, the rows above and below become neighbours (block expansion).
int64_t take_best_bed(ColumnState& state, double threshold, double* gains, int32_t* labels) {
    fill_groups(state);
    for (int64_t step = 0;; ++step) {
        double gain;
        const int64_t row = best_row(state, &gain);
        if (gain == kNone || gain < threshold) return step;
        gains[step] = gain;
        Touched touched;
        const int32_t after =
            remove_window(state, static_cast<int32_t>(row), static_cast<int32_t>(step), labels, touched);
        rescore_gap(state, after, touched);
        for (int i = 0; i < touched.count; ++i) refresh_group(state, touched.groups[i]);
    }
}

}  // namespace ubp::selection
