// The depthwise micro-kernels: R output rows by V vectors of columns stay in registers, every input vector is loaded
// once for all output rows that use it, and the shifted vectors of a row come from loads, which leave the arithmetic
// units alone. Edges: rows outside the image are rows of zeros; the first and the last columns have blocks of their own
// that mask what they load. The last block ends with the row: it computes some columns again instead of storing parts;
// only a row that is shorter than a vector is stored in parts.
#pragma once

#include "kernels/loads.h"
#include "kernels/planar/planar.h"

namespace ubp {
namespace {

// Weights of a depthwise channel: in registers on ARM64, spread from memory on x86.
template <class T, int Taps>
struct TapWeights {
#if defined(__aarch64__)
    static constexpr int one = lanes<T>;
    Vector<T> v[(Taps + one - 1) / one];

    UBP_INLINE explicit TapWeights(const T* from) {
        for (int q = 0; q < (Taps + one - 1) / one; ++q) v[q] = load(from + one * q);
    }
    template <int Tap>
    UBP_INLINE Vector<T> fma(Vector<T> acc, Vector<T> x) const {
        return fma_lane<Tap % one>(acc, x, v[Tap / one]);
    }
#else
    const T* from;

    UBP_INLINE explicit TapWeights(const T* weights) : from(weights) {}
    template <int Tap>
    UBP_INLINE Vector<T> fma(Vector<T> acc, Vector<T> x) const {
        return fma_scalar(acc, x, from[Tap]);
    }
#endif
};

template <class T, int K, int S, int R, int V>
struct DepthwiseKernel {
    static constexpr int one = lanes<T>, half = K / 2, input_rows = (R - 1) * S + K;

    // The K shifted vectors of one row, from its first tap on.
    static UBP_INLINE void load_taps(const T* from, Vector<T>* taps) {
        if constexpr (S == 1) {
            unroll<0, K>([&](auto t) UBP_LAMBDA { taps[t] = load(from + t); });
        } else {
            unroll<0, (K + 1) / 2>([&](auto pair) UBP_LAMBDA {
                constexpr int t = 2 * pair;
                const Vector<T> low = load(from + t), high = load(from + t + one);
                taps[t] = evens(low, high);
                if constexpr (t + 1 < K) taps[t + 1] = odds(low, high);
            });
        }
    }

    template <bool First, bool Last, bool Part = false>
    static UBP_INLINE void block(const DepthwiseStrip<T>& strip, const TapWeights<T, K * K>& weights, int64_t x) {
        const int64_t column = x * S - strip.pad;
        Mask<T> first[half], last[half];  // of the taps before the middle in the first vector; behind it in the last
        unroll<0, half>([&](auto t) UBP_LAMBDA {
            if constexpr (First) first[t] = inside_mask<T>(column + t, S, strip.width);
            if constexpr (Last) last[t] = inside_mask<T>(column + one * (V - 1) * S + half + 1 + t, S, strip.width);
        });
        Vector<T> acc[R][V];
        for (int r = 0; r < R; ++r) {
            for (int v = 0; v < V; ++v) acc[r][v] = spread_one(&strip.bias);
        }
        unroll<0, input_rows>([&](auto i) UBP_LAMBDA {
            const T* row = strip.rows[i] + column;
            Vector<T> in[V][K];
            unroll<0, V>([&](auto v) UBP_LAMBDA {
                load_taps(row + one * v * S, in[v]);
                unroll<0, half>([&](auto t) UBP_LAMBDA {
                    if constexpr (First && v == 0) in[v][t] = keep_lanes(in[v][t], first[t]);
                    if constexpr (Last && v == V - 1) in[v][half + 1 + t] = keep_lanes(in[v][half + 1 + t], last[t]);
                });
            });
            unroll<0, K>([&](auto t) UBP_LAMBDA {
                unroll<0, R>([&](auto r) UBP_LAMBDA {
                    constexpr int k = int(i) - int(r) * S;
                    if constexpr (k >= 0 && k < K) {
                        unroll<0, V>([&](auto v) UBP_LAMBDA {
                            acc[r][v] = weights.template fma<k * K + int(t)>(acc[r][v], in[v][t]);
                        });
                    }
                });
            });
        });
        const Vector<T> low = spread_one(&strip.low), high = spread_one(&strip.high);
        unroll<0, R>([&](auto r) UBP_LAMBDA {
            T* out = strip.out + int(r) * strip.out_stride + x;
            Vector<T> done[V];
            for (int v = 0; v < V; ++v) done[v] = lesser(greater(acc[r][v], low), high);
            if constexpr (Part) {
                store_first(out, done[0], strip.out_width);
            } else {
                store_together<V>(out, done);
            }
        });
    }

    static void run(const DepthwiseStrip<T>& strip) {
        const TapWeights<T, K * K> weights(strip.weights);
        if constexpr (V == 1 && one == 8) {
            if (strip.out_width < one) return block<true, true, true>(strip, weights, 0);
        }
        const int64_t final = strip.out_width - one * V;
        // Blocks up to here load nothing behind the row.
        const int64_t safe = (strip.width + strip.pad - K) / S - (one * V - 1);
        if (final == 0 || safe < 0) {
            block<true, true>(strip, weights, 0);
        } else {
            block<true, false>(strip, weights, 0);
        }
        int64_t x = one * V;
        for (; x <= safe && x < final; x += one * V) block<false, false>(strip, weights, x);
        for (; x < final; x += one * V) block<false, true>(strip, weights, x);
        if (final * S < strip.pad) return block<true, true>(strip, weights, final);
        block<false, true>(strip, weights, final);
    }
};

// Four vectors at a time, one output row; the taps come by a list.
template <class T>
void depthwise_tap_row(const TapRow<T>& row) {
    constexpr int one = lanes<T>, step = 4 * one;
    const Vector<T> low = spread_one(&row.low), high = spread_one(&row.high);
    for (int64_t x = 0; x < row.count; x += step) {
        Vector<T> acc[4];
        for (Vector<T>& v : acc) v = spread_one(&row.bias);
        for (int64_t tap = 0; tap < row.taps; ++tap) {
            const T* from = row.from + row.offsets[tap] + x;
            for (int v = 0; v < 4; ++v) acc[v] = fma_scalar(acc[v], load(from + one * v), row.weights[tap]);
        }
        T done[step];
        const int64_t left = row.count - x;
        T* out = left < step ? done : row.out + x;
        for (int v = 0; v < 4; ++v) store(out + one * v, lesser(greater(acc[v], low), high));
        for (int64_t i = 0; left < step && i < left; ++i) row.out[x + i] = done[i];
    }
}

}  // namespace
}  // namespace ubp
