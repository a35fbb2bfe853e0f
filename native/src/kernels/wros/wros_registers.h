// The registers of a WROS micro-kernel: accumulators, the inputs of a block, the weights of a block, and what is done
// with them once per output row. The walk itself is in wros_wide.h and wros_inorder.h.
#pragma once

#include "kernels/neon.h"
#include "kernels/wros/walk.h"

namespace ubp {
namespace {

// Which start rows have blocks: any, every N-th, or (dense) every N-th with a block in every column.
enum class Pattern { unaligned, aligned, dense };

// Count weights in registers; element<E> is the one of row E % N.
template <int Count>
struct Weights {
    float32x4_t v[Count / 4];

    UBP_INLINE void load(const float* from) {
        for (int q = 0; q < Count / 4; ++q) v[q] = vld1q_f32(from + 4 * q);
    }
    UBP_INLINE void load_as_group(const float* from) { load_together<Count / 4>(v, from); }
    UBP_INLINE float32x4_t vector(int q) const { return v[q]; }
    template <int E>
    UBP_INLINE float32x4_t fma(float32x4_t acc, float32x4_t x) const {
        return fma_lane<E % 4>(acc, x, v[E / 4]);
    }
};

template <>
struct Weights<2> {
    float32x2_t v;

    UBP_INLINE void load(const float* from) { v = vld1_f32(from); }
    UBP_INLINE void load_as_group(const float* from) { load(from); }
    template <int E>
    UBP_INLINE float32x4_t fma(float32x4_t acc, float32x4_t x) const {
        return fma_lane<E>(acc, x, v);
    }
};

template <>
struct Weights<1> {
    float v;

    UBP_INLINE void load(const float* from) { v = *from; }
    UBP_INLINE void load_as_group(const float* from) { load(from); }
    template <int E>
    UBP_INLINE float32x4_t fma(float32x4_t acc, float32x4_t x) const {
        return fma_scalar(acc, x, v);
    }
};

// Accumulators of N rows by 4 * V (+ S) positions. The single position (S = 1) of N >= 4 rows lies across the rows:
// one vector per four rows, so that it costs N / 4 multiply-adds per block and not N. Together: wide cores, whose
// kernels have no value in a register beside the accumulators where a row ends.
template <int N, int V, int S, bool Clamp, bool Together>
struct Accumulators {
    static constexpr bool together = Together;
    static constexpr bool across = S == 1 && N >= 4;
    static constexpr int own_vectors = V + (S == 1 && !across ? 1 : 0);  // per row
    static constexpr int stride = 4 * (V + S);                           // floats per panel row

    float32x4_t rows[N][own_vectors > 0 ? own_vectors : 1];
    float32x4_t last[across ? N / 4 : 1];

    UBP_INLINE void start(const float* bias) {
        for (float32x4_t& v : last) v = vdupq_n_f32(0.0f);
        unroll<0, N>([&](auto i) UBP_LAMBDA {
            for (int j = 0; j < own_vectors; ++j) rows[i][j] = vld1q_f32(bias + 4 * i);
        });
        if constexpr (across) {
            unroll<0, N>([&](auto i) UBP_LAMBDA { last[i / 4] = vld1q_lane_f32(bias + 4 * i, last[i / 4], i % 4); });
        }
    }

    struct Range {
        float32x4_t low, high;

        UBP_INLINE explicit Range(const Walk& walk) {
            if constexpr (Clamp) low = vdupq_n_f32(walk.low), high = vdupq_n_f32(walk.high);
        }
        UBP_INLINE float32x4_t clamp(float32x4_t v) const {
            if constexpr (Clamp) return vminq_f32(vmaxq_f32(v, low), high);
            return v;
        }
    };

    static UBP_INLINE void store(float* out, const float32x4_t* done) {
        if constexpr (Together && Clamp) {
            store_together<V>(out, done);
        } else {
            for (int j = 0; j < V; ++j) Together ? store_alone(out + 4 * j, done[j]) : vst1q_f32(out + 4 * j, done[j]);
        }
    }

    // Stores row Row of the group and starts the row that is N further down, which takes over its registers.
    template <int Row>
    UBP_INLINE void finish(float* out, const float* next_bias, const Range& range) {
        float32x4_t done[own_vectors > 0 ? own_vectors : 1];
        for (int j = 0; j < own_vectors; ++j) done[j] = range.clamp(rows[Row][j]);
        store(out, done);
        if constexpr (S == 1 && !across) vst1q_lane_f32(out + 4 * V, done[V], 0);
        for (int j = 0; j < own_vectors; ++j) {  // half loads, half copies: stores and loads share their ports
            const bool loaded = Together ? j == 0 : j % 2 == 0;
            rows[Row][j] = loaded ? load_again<4 * Row>(next_bias) : rows[Row][j - 1];
        }
        if constexpr (across) {
            vst1q_lane_f32(out + 4 * V, range.clamp(last[Row / 4]), Row % 4);
            last[Row / 4] = vld1q_lane_f32(next_bias + 4 * Row, last[Row / 4], Row % 4);
        }
    }
};

}  // namespace
}  // namespace ubp
