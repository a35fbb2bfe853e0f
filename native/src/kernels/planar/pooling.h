// Pooling of one output row in two steps: the window's rows are combined into one row, then its taps.
#pragma once

#include "kernels/neon.h"
#include "kernels/planar/planar.h"

namespace ubp {
namespace {

// Of a NaN and another, NaN.
struct TakeLargest {
    static UBP_INLINE float32x4_t of(float32x4_t a, float32x4_t b) { return vmaxq_f32(a, b); }
    static UBP_INLINE float of(float a, float b) { return a > b || a != a ? a : b; }
};

struct TakeSum {
    static UBP_INLINE float32x4_t of(float32x4_t a, float32x4_t b) { return vaddq_f32(a, b); }
    static UBP_INLINE float of(float a, float b) { return a + b; }
};

// out[x] = all rows' values at x, combined.
template <class Take>
void pool_rows(const PoolRows& pool) {
    int64_t x = 0;
    for (; x + 8 <= pool.count; x += 8) {
        float32x4_t low = vld1q_f32(pool.rows[0] + x), high = vld1q_f32(pool.rows[0] + x + 4);
        for (int64_t r = 1; r < pool.row_count; ++r) {
            low = Take::of(low, vld1q_f32(pool.rows[r] + x));
            high = Take::of(high, vld1q_f32(pool.rows[r] + x + 4));
        }
        vst1q_f32(pool.out + x, low);
        vst1q_f32(pool.out + x + 4, high);
    }
    for (; x < pool.count; ++x) {
        float v = pool.rows[0][x];
        for (int64_t r = 1; r < pool.row_count; ++r) v = Take::of(v, pool.rows[r][x]);
        pool.out[x] = v;
    }
}

// Four outputs from `from` on: every first or every second float.
template <int Stride>
UBP_INLINE float32x4_t load_every(const float* from) {
    if constexpr (Stride == 1) return vld1q_f32(from);
    return vuzp1q_f32(vld1q_f32(from), vld1q_f32(from + 4));
}

template <class Take, int Stride>
UBP_INLINE int64_t pool_vectors(const PoolTaps& pool) {
    int64_t x = 0;
    for (; x + 4 <= pool.count; x += 4) {
        const float* from = pool.from + x * Stride;
        float32x4_t v = load_every<Stride>(from);
        for (int64_t t = 1; t < pool.kernel; ++t) v = Take::of(v, load_every<Stride>(from + t));
        vst1q_f32(pool.out + x, v);
    }
    return x;
}

template <class Take>
void pool_taps(const PoolTaps& pool) {
    int64_t x = pool.stride == 1 ? pool_vectors<Take, 1>(pool) : pool.stride == 2 ? pool_vectors<Take, 2>(pool) : 0;
    for (; x < pool.count; ++x) {
        const float* from = pool.from + x * pool.stride;
        float v = from[0];
        for (int64_t t = 1; t < pool.kernel; ++t) v = Take::of(v, from[t]);
        pool.out[x] = v;
    }
}

}  // namespace
}  // namespace ubp
