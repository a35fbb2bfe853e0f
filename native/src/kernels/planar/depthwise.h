// The depthwise micro-kernels: R output rows by 4 * V columns stay in registers, every input vector is loaded once for
// all output rows that use it, and the shifted vectors of a row come from loads, which leave the arithmetic units
// alone. Edges: rows outside the image are rows of zeros; the first and the last columns have blocks of their own that
// mask what they load. The last block ends with the row: it computes some columns again instead of storing parts.
#pragma once

#include "kernels/neon.h"
#include "kernels/planar/planar.h"

namespace ubp {
namespace {

// Weights of a depthwise channel: in registers on ARM64, spread from memory on x86.
template <int Taps>
struct TapWeights {
#if defined(__aarch64__)
    float32x4_t v[(Taps + 3) / 4];

    UBP_INLINE explicit TapWeights(const float* from) {
        for (int q = 0; q < (Taps + 3) / 4; ++q) v[q] = vld1q_f32(from + 4 * q);
    }
    template <int Tap>
    UBP_INLINE float32x4_t fma(float32x4_t acc, float32x4_t x) const {
        return fma_lane<Tap % 4>(acc, x, v[Tap / 4]);
    }
#else
    const float* from;

    UBP_INLINE explicit TapWeights(const float* weights) : from(weights) {}
    template <int Tap>
    UBP_INLINE float32x4_t fma(float32x4_t acc, float32x4_t x) const {
        return fma_scalar(acc, x, from[Tap]);
    }
#endif
};

UBP_INLINE float32x4_t keep_lanes(float32x4_t v, uint32x4_t mask) {
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v), mask));
}

// Ones where column `first + lane * step` lies in a row of `width`.
UBP_INLINE uint32x4_t inside_mask(int64_t first, int step, int64_t width) {
    const int32_t lanes[4] = {0, step, 2 * step, 3 * step};
    const int32x4_t column = vaddq_s32(vdupq_n_s32(int32_t(first)), vld1q_s32(lanes));
    return vcltq_u32(vreinterpretq_u32_s32(column), vdupq_n_u32(uint32_t(width)));
}

template <int K, int S, int R, int V>
struct DepthwiseKernel {
    static constexpr int half = K / 2, input_rows = (R - 1) * S + K;

    // The K shifted vectors of one row, from its first tap on.
    static UBP_INLINE void load_taps(const float* from, float32x4_t* taps) {
        if constexpr (S == 1) {
            unroll<0, K>([&](auto t) UBP_LAMBDA { taps[t] = vld1q_f32(from + t); });
        } else {
            unroll<0, (K + 1) / 2>([&](auto pair) UBP_LAMBDA {
                constexpr int t = 2 * pair;
                const float32x4_t low = vld1q_f32(from + t), high = vld1q_f32(from + t + 4);
                taps[t] = vuzp1q_f32(low, high);
                if constexpr (t + 1 < K) taps[t + 1] = vuzp2q_f32(low, high);
            });
        }
    }

    template <bool First, bool Last>
    static UBP_INLINE void block(const DepthwiseStrip& strip, const TapWeights<K * K>& weights, int64_t x) {
        const int64_t column = x * S - strip.pad;
        uint32x4_t first[half], last[half];  // of the taps before the middle in the first vector; behind it in the last
        unroll<0, half>([&](auto t) UBP_LAMBDA {
            if constexpr (First) first[t] = inside_mask(column + t, S, strip.width);
            if constexpr (Last) last[t] = inside_mask(column + 4 * (V - 1) * S + half + 1 + t, S, strip.width);
        });
        float32x4_t acc[R][V];
        for (int r = 0; r < R; ++r) {
            for (int v = 0; v < V; ++v) acc[r][v] = vdupq_n_f32(strip.bias);
        }
        unroll<0, input_rows>([&](auto i) UBP_LAMBDA {
            const float* row = strip.rows[i] + column;
            float32x4_t in[V][K];
            unroll<0, V>([&](auto v) UBP_LAMBDA {
                load_taps(row + 4 * v * S, in[v]);
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
        const float32x4_t low = vdupq_n_f32(strip.low), high = vdupq_n_f32(strip.high);
        unroll<0, R>([&](auto r) UBP_LAMBDA {
            float* out = strip.out + int(r) * strip.out_stride + x;
            float32x4_t done[V];
            for (int v = 0; v < V; ++v) done[v] = vminq_f32(vmaxq_f32(acc[r][v], low), high);
            store_together<V>(out, done);
        });
    }

    static void run(const DepthwiseStrip& strip) {
        const TapWeights<K * K> weights(strip.weights);
        const int64_t final = strip.out_width - 4 * V;
        // Blocks up to here load nothing behind the row.
        const int64_t safe = (strip.width + strip.pad - K) / S - (4 * V - 1);
        if (final == 0 || safe < 0) {
            block<true, true>(strip, weights, 0);
        } else {
            block<true, false>(strip, weights, 0);
        }
        int64_t x = 4 * V;
        for (; x <= safe && x < final; x += 4 * V) block<false, false>(strip, weights, x);
        for (; x < final; x += 4 * V) block<false, true>(strip, weights, x);
        if (final * S < strip.pad) return block<true, true>(strip, weights, final);
        block<false, true>(strip, weights, final);
    }
};

// Four vectors at a time, one output row; the taps come by a list.
void depthwise_tap_row(const TapRow& row) {
    const float32x4_t low = vdupq_n_f32(row.low), high = vdupq_n_f32(row.high);
    for (int64_t x = 0; x < row.count; x += 16) {
        float32x4_t acc[4];
        for (float32x4_t& v : acc) v = vdupq_n_f32(row.bias);
        for (int64_t tap = 0; tap < row.taps; ++tap) {
            const float* from = row.from + row.offsets[tap] + x;
            for (int v = 0; v < 4; ++v) acc[v] = fma_scalar(acc[v], vld1q_f32(from + 4 * v), row.weights[tap]);
        }
        float done[16];
        const int64_t left = row.count - x;
        float* out = left < 16 ? done : row.out + x;
        for (int v = 0; v < 4; ++v) vst1q_f32(out + 4 * v, vminq_f32(vmaxq_f32(acc[v], low), high));
        for (int64_t i = 0; left < 16 && i < left; ++i) row.out[x + i] = done[i];
    }
}

}  // namespace
}  // namespace ubp
