// Window sums and the priced dynamic programme over a tile of columns.
#include <algorithm>
#include <cstring>

#include "selection/columns/column_kernels.h"
#include "selection/columns/vectors.h"

namespace ubp::selection {
namespace {

// Rows of one tile as doubles; the last, narrower tile is padded with zeros.
void widen_row(const Problem& problem, int64_t tile, int64_t row, double* out) {
    const float* from = problem.importance + row * problem.columns + tile * kTile;
    const int64_t width = problem.tile_width(tile);
    if (width == kTile) {
        for (int lane = 0; lane < kTile; lane += kLanes) store(out + lane, widen(from + lane));
        return;
    }
    for (int64_t lane = 0; lane < kTile; ++lane) out[lane] = lane < width ? from[lane] : 0.0;
}

}  // namespace

// A window is the end of one chunk of N rows and the beginning of the next: suffix sums of the one, a running prefix
// sum of the other. Three additions a row for any N.
void window_sums(const Problem& problem, int64_t tile, double* sums) {
    const int64_t n = problem.block_size;
    alignas(64) double chunk[kMaxBlock * kTile], suffix[(kMaxBlock + 1) * kTile], prefix[kTile];
    for (int64_t base = 0; base + n <= problem.rows; base += n) {
        for (int64_t i = 0; i < n; ++i) widen_row(problem, tile, base + i, chunk + i * kTile);
        std::memset(suffix + n * kTile, 0, sizeof(double) * kTile);
        for (int64_t i = n - 1; i >= 0; --i)
            for (int lane = 0; lane < kTile; lane += kLanes)
                store(suffix + i * kTile + lane,
                      load(suffix + (i + 1) * kTile + lane) + load(chunk + i * kTile + lane));
        std::memcpy(sums + base * kTile, suffix, sizeof(double) * kTile);
        std::memset(prefix, 0, sizeof prefix);
        for (int64_t i = 1; i < n && base + i + n <= problem.rows; ++i) {
            widen_row(problem, tile, base + n + i - 1, chunk);
            for (int lane = 0; lane < kTile; lane += kLanes) {
                store(prefix + lane, load(prefix + lane) + load(chunk + lane));
                store(sums + (base + i) * kTile + lane, load(suffix + i * kTile + lane) + load(prefix + lane));
            }
        }
    }
}

namespace {

// Values and counts of the last N rows live in a ring; V[i-1] stays in registers.
template <int Vectors, typename Take>
inline void walk(const Problem& problem, const double* sums, const double* prices, double* value, double* count,
                 Take take) {
    const int64_t n = problem.block_size;
    constexpr int kWidth = Vectors * kLanes;
    alignas(64) double ring_value[kMaxBlock * kWidth] = {}, ring_count[kMaxBlock * kWidth] = {};
    Vec price[Vectors], v[Vectors] = {}, c[Vectors] = {};
    for (int j = 0; j < Vectors; ++j) price[j] = load(prices + j * kLanes);
    const Vec one = splat(1.0);
    const int64_t windows = problem.windows();
    int64_t slot = 0;
    for (int64_t start = 0; start < windows; ++start, sums += kTile) {
        for (int j = 0; j < Vectors; ++j) {
            double* old_value = ring_value + slot * kWidth + j * kLanes;
            double* old_count = ring_count + slot * kWidth + j * kLanes;
            const Vec taken = load(old_value) + (load(sums + (j * kLanes) % kTile) - price[j]);
            const Vec taken_count = load(old_count) + one;
            const Mask better = taken > v[j];
            // The ring's slot of V[start] becomes that of V[start + N].
            v[j] = better ? taken : v[j];
            c[j] = better ? taken_count : c[j];
            store(old_value, v[j]);
            store(old_count, c[j]);
            take(start, j, better);
        }
        slot = slot + 1 == n ? 0 : slot + 1;
    }
    for (int j = 0; j < Vectors; ++j) {
        store(value + j * kLanes, v[j]);
        store(count + j * kLanes, c[j]);
    }
}

}  // namespace

void priced_value(const Problem& problem, const double* sums, const double* prices, double* value, double* count) {
    walk<2>(problem, sums, prices, value, count, [](int64_t, int, Mask) {});
}

void priced_value_pair(const Problem& problem, const double* sums, const double* prices, double* value, double* count) {
    walk<4>(problem, sums, prices, value, count, [](int64_t, int, Mask) {});
}

namespace {

// Walks back from the last row for all columns at once: a block is in the answer where it was the better choice and
// no later block of the answer covers one of its rows.
void keep_last(const Problem& problem, uint16_t* starts) {
    const int64_t n = problem.block_size, windows = problem.windows();
    uint16_t recent[kMaxBlock] = {};
    int64_t slot = 0;
    for (int64_t start = windows - 1; start >= 0; --start) {
        unsigned covered = 0;
        for (int64_t i = 0; i + 1 < n; ++i) covered |= recent[i];
        starts[start] = static_cast<uint16_t>(starts[start] & ~covered);
        if (n > 1) recent[slot] = starts[start];
        slot = slot + 1 >= n - 1 ? 0 : slot + 1;
    }
    for (int64_t row = windows; row < problem.rows; ++row) starts[row] = 0;
}

}  // namespace

void priced_starts(const Problem& problem, const double* sums, const double* prices, uint16_t* starts) {
    alignas(64) double value[kTile], count[kTile];
    walk<2>(problem, sums, prices, value, count, [starts](int64_t start, int j, Mask better) {
        const unsigned bits = bits_of(better) << (j * kLanes);
        starts[start] = static_cast<uint16_t>(j == 0 ? bits : starts[start] | bits);
    });
    keep_last(problem, starts);
}

}  // namespace ubp::selection
