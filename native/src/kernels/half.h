// Vectors of eight halves, and of four for the weights of a block of four rows, under the names of neon.h. ARM64: for
// files that are compiled with fp16 arithmetic. Elsewhere emulated, see half_emulated.h.
#pragma once

#include "kernels/neon.h"
#include "ubp/dtype.h"

#if defined(__aarch64__)

namespace ubp {
namespace {

template <>
struct Register<Half, 8> {
    using type = float16x8_t;
    static UBP_INLINE type load(const Half* from) { return vld1q_f16(from); }
};
template <>
struct Register<Half, 4> {
    using type = float16x4_t;
    static UBP_INLINE type load(const Half* from) { return vld1_f16(from); }
    // The weights of Count blocks of four rows, each in a register of its own.
    template <int Count>
    static UBP_INLINE void load_group(type* to, const Half* from) {
        if constexpr (Count == 4) {
            const float16x4x4_t four = vld1_f16_x4(from);
            unroll<0, 4>([&](auto j) UBP_LAMBDA { to[j] = four.val[j]; });
        } else if constexpr (Count == 2) {
            const float16x4x2_t two = vld1_f16_x2(from);
            unroll<0, 2>([&](auto j) UBP_LAMBDA { to[j] = two.val[j]; });
        } else {
            for (int j = 0; j < Count; ++j) to[j] = vld1_f16(from + 4 * j);
        }
    }
};
template <>
struct Register<Half, 2> {
    using type = float16x4_t;
    static UBP_INLINE type load(const Half* from) {
        uint32_t pair;
        __builtin_memcpy(&pair, from, sizeof pair);
        return vreinterpret_f16_u32(vset_lane_u32(pair, vdup_n_u32(0), 0));
    }
};
template <>
struct Register<Half, 1> {
    using type = Half;
    static UBP_INLINE type load(const Half* from) { return *from; }
};

template <>
UBP_INLINE float16x8_t spread<Half>(float value) {
    return vdupq_n_f16(Half(value));
}

UBP_INLINE float16x8_t spread_like(float16x8_t, const Half* value) { return vld1q_dup_f16(value); }
UBP_INLINE float16x4_t spread_like(float16x4_t, const Half* value) { return vld1_dup_f16(value); }
UBP_INLINE float16x8_t spread_one(const Half* value) { return vld1q_dup_f16(value); }

UBP_INLINE float16x8_t load(const Half* from) { return vld1q_f16(from); }
UBP_INLINE void store(Half* to, float16x8_t v) { vst1q_f16(to, v); }
UBP_INLINE float16x8_t plus(float16x8_t a, float16x8_t b) { return vaddq_f16(a, b); }
UBP_INLINE float16x8_t minus(float16x8_t a, float16x8_t b) { return vsubq_f16(a, b); }
UBP_INLINE float16x8_t times(float16x8_t a, float16x8_t b) { return vmulq_f16(a, b); }
UBP_INLINE float16x8_t times_scalar(float16x8_t a, Half b) { return vmulq_n_f16(a, b); }
UBP_INLINE float16x8_t lesser(float16x8_t a, float16x8_t b) { return vminq_f16(a, b); }
UBP_INLINE float16x8_t greater(float16x8_t a, float16x8_t b) { return vmaxq_f16(a, b); }
UBP_INLINE float16x4_t lesser(float16x4_t a, float16x4_t b) { return vmin_f16(a, b); }
UBP_INLINE float16x4_t greater(float16x4_t a, float16x4_t b) { return vmax_f16(a, b); }

UBP_INLINE float16x8_t evens(float16x8_t a, float16x8_t b) { return vuzp1q_f16(a, b); }
UBP_INLINE float16x8_t odds(float16x8_t a, float16x8_t b) { return vuzp2q_f16(a, b); }

UBP_INLINE float16x8_t interleave_low(float16x8_t a, float16x8_t b) { return vzip1q_f16(a, b); }
UBP_INLINE float16x8_t interleave_high(float16x8_t a, float16x8_t b) { return vzip2q_f16(a, b); }

UBP_INLINE void split_four(const Half* from, float16x8_t* to) {
    const float16x8x4_t four = vld4q_f16(from);
    unroll<0, 4>([&](auto j) UBP_LAMBDA { to[j] = four.val[j]; });
}
UBP_INLINE void split_two(const Half* from, float16x8_t* to) {
    const float16x8x2_t two = vld2q_f16(from);
    to[0] = two.val[0], to[1] = two.val[1];
}

template <int Count>
UBP_INLINE float16x8_t load_pieces(const Half* const* from, int64_t offset) {
    if constexpr (Count == 4) {
        return vcombine_f16(vld1_f16(from[0] + offset), vld1_f16(from[1] + offset));
    } else {
        uint32x4_t pairs = vdupq_n_u32(0);
        unroll<0, 4>([&](auto t) UBP_LAMBDA {
            uint32_t pair;
            __builtin_memcpy(&pair, from[t] + offset, sizeof pair);
            pairs = vsetq_lane_u32(pair, pairs, t);
        });
        return vreinterpretq_f16_u32(pairs);
    }
}
template <int Count, int Piece>
UBP_INLINE void store_piece(Half* to, float16x8_t v) {
    static_assert(Count == 4, "pieces of halves are four");
    vst1_f16(to, Piece == 0 ? vget_low_f16(v) : vget_high_f16(v));
}

template <>
struct MaskOf<Half> {
    using type = uint16x8_t;
};
UBP_INLINE float16x8_t keep_lanes(float16x8_t v, uint16x8_t mask) {
    return vreinterpretq_f16_u16(vandq_u16(vreinterpretq_u16_f16(v), mask));
}
template <>
UBP_INLINE uint16x8_t inside_mask<Half>(int64_t first, int step, int64_t width) {
    const uint32x4_t low = inside_mask<float>(first, step, width);
    return vcombine_u16(vmovn_u32(low), vmovn_u32(inside_mask<float>(first + 4 * step, step, width)));
}

template <int Lane>
UBP_INLINE float16x8_t load_lane(const Half* from, float16x8_t v) {
    return vld1q_lane_f16(from, v, Lane);
}
template <int Lane>
UBP_INLINE float16x4_t load_lane(const Half* from, float16x4_t v) {
    return vld1_lane_f16(from, v, Lane);
}
template <int Lane>
UBP_INLINE void store_lane(Half* to, float16x8_t v) {
    vst1q_lane_f16(to, v, Lane);
}
template <int Lane>
UBP_INLINE void store_lane(Half* to, float16x4_t v) {
    vst1_lane_f16(to, v, Lane);
}

// The first `count` < 8 halves.
UBP_INLINE void store_first(Half* to, float16x8_t v, int64_t count) {
    if (count & 4) {
        vst1_f16(to, vget_low_f16(v));
        to += 4;
        v = vextq_f16(v, v, 4);
    }
    if (count & 2) {
        vst1q_lane_u32(reinterpret_cast<uint32_t*>(to), vreinterpretq_u32_f16(v), 0);
        to += 2;
        v = vextq_f16(v, v, 2);
    }
    if (count & 1) vst1q_lane_f16(to, v, 0);
}

template <int Lane>
UBP_INLINE float16x8_t fma_lane(float16x8_t acc, float16x8_t x, float16x8_t w) {
    return vfmaq_laneq_f16(acc, x, w, Lane);
}
template <int Lane>
UBP_INLINE float16x8_t fma_lane(float16x8_t acc, float16x8_t x, float16x4_t w) {
    return vfmaq_lane_f16(acc, x, w, Lane);
}
UBP_INLINE float16x8_t fma_scalar(float16x8_t acc, float16x8_t x, Half w) { return vfmaq_n_f16(acc, x, w); }
UBP_INLINE float16x4_t fma_scalar(float16x4_t acc, float16x4_t x, Half w) { return vfma_n_f16(acc, x, w); }
template <int Lane>
UBP_INLINE float16x8_t fma_lane(float16x8_t acc, float16x8_t x, Half w) {
    static_assert(Lane == 0, "a number has one lane");
    return fma_scalar(acc, x, w);
}

UBP_INLINE float16x8x4_t load_four(const Half* from) { return vld1q_f16_x4(from); }
UBP_INLINE float16x8x3_t load_three(const Half* from) { return vld1q_f16_x3(from); }
UBP_INLINE float16x8x2_t load_two(const Half* from) { return vld1q_f16_x2(from); }
UBP_INLINE void store_four(Half* to, const float16x8_t* v) {
    const float16x8x4_t all = {{v[0], v[1], v[2], v[3]}};
    vst1q_f16_x4(to, all);
}
UBP_INLINE void store_three(Half* to, const float16x8_t* v) {
    const float16x8x3_t all = {{v[0], v[1], v[2]}};
    vst1q_f16_x3(to, all);
}
UBP_INLINE void store_two(Half* to, const float16x8_t* v) {
    const float16x8x2_t all = {{v[0], v[1]}};
    vst1q_f16_x2(to, all);
}

// Halves 0 to 3, or 4 to 7, as floats, and back.
UBP_INLINE float32x4_t widen_low(float16x8_t v) { return vcvt_f32_f16(vget_low_f16(v)); }
UBP_INLINE float32x4_t widen_high(float16x8_t v) { return vcvt_high_f32_f16(v); }
UBP_INLINE float16x8_t narrow(float32x4_t low, float32x4_t high) { return vcvt_high_f16_f32(vcvt_f16_f32(low), high); }

}  // namespace
}  // namespace ubp

#else
#include "kernels/half_emulated.h"
#endif
