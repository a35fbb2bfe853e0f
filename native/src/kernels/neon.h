// The NEON intrinsics, native on ARM64 and through SIMDe elsewhere, and the few helpers that every kernel shares: one
// name for the same operation on vectors of any element. Those of halves are in half.h.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__aarch64__)
#include <arm_neon.h>
#else
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/arm/neon.h>
#if !defined(__FMA__)
#error "kernels off ARM64 need a fused multiply-add: compile with -mfma"
#endif
#endif

#include "kernels/lanes.h"

#define UBP_INLINE inline __attribute__((always_inline))
#define UBP_LAMBDA __attribute__((always_inline))

// Makes a pointer opaque to the compiler here. Without it, clang derives the pointers of a walk from loop counters and
// recomputes them where a loop ends: 3 to 5 instructions per start row.
#define UBP_KEEP(pointer) asm volatile("" : "+r"(pointer))

namespace ubp {
namespace {  // every translation unit has its own copies: units differ in their instruction set

template <int I>
struct Index {
    static constexpr int value = I;
    constexpr operator int() const { return I; }
};

// Calls body(Index<Begin>), ..., body(Index<End - 1>): a loop whose counter is a compile-time constant.
template <int Begin, int End, class Body>
UBP_INLINE void unroll(Body&& body) {
    if constexpr (Begin < End) {
        body(Index<Begin>{});
        unroll<Begin + 1, End>(body);
    }
}

// A register of Count elements that lie together in memory.
template <class T, int Count>
struct Register;
template <>
struct Register<float, 4> {
    using type = float32x4_t;
    static UBP_INLINE type load(const float* from) { return vld1q_f32(from); }
};
template <>
struct Register<float, 2> {
    using type = float32x2_t;
    static UBP_INLINE type load(const float* from) { return vld1_f32(from); }
};
template <>
struct Register<float, 1> {
    using type = float;
    static UBP_INLINE type load(const float* from) { return *from; }
};

// A whole vector.
template <class T>
using Vector = typename Register<T, lanes<T>>::type;

template <class T>
UBP_INLINE Vector<T> spread(float value);
template <>
UBP_INLINE float32x4_t spread<float>(float value) {
    return vdupq_n_f32(value);
}

// *value in all lanes of a register like the first; and of a vector.
UBP_INLINE float32x4_t spread_like(float32x4_t, const float* value) { return vdupq_n_f32(*value); }
UBP_INLINE float32x4_t spread_one(const float* value) { return vdupq_n_f32(*value); }

UBP_INLINE float32x4_t load(const float* from) { return vld1q_f32(from); }
UBP_INLINE void store(float* to, float32x4_t v) { vst1q_f32(to, v); }
UBP_INLINE float32x4_t plus(float32x4_t a, float32x4_t b) { return vaddq_f32(a, b); }
UBP_INLINE float32x4_t minus(float32x4_t a, float32x4_t b) { return vsubq_f32(a, b); }
UBP_INLINE float32x4_t times(float32x4_t a, float32x4_t b) { return vmulq_f32(a, b); }
UBP_INLINE float32x4_t times_scalar(float32x4_t a, float b) { return vmulq_n_f32(a, b); }
UBP_INLINE float32x4_t lesser(float32x4_t a, float32x4_t b) { return vminq_f32(a, b); }
UBP_INLINE float32x4_t greater(float32x4_t a, float32x4_t b) { return vmaxq_f32(a, b); }

// Every second lane of two vectors: those of even and those of odd place.
UBP_INLINE float32x4_t evens(float32x4_t a, float32x4_t b) { return vuzp1q_f32(a, b); }
UBP_INLINE float32x4_t odds(float32x4_t a, float32x4_t b) { return vuzp2q_f32(a, b); }

// The lanes of two vectors in turns: those of their first halves, and of their second ones.
UBP_INLINE float32x4_t interleave_low(float32x4_t a, float32x4_t b) { return vzip1q_f32(a, b); }
UBP_INLINE float32x4_t interleave_high(float32x4_t a, float32x4_t b) { return vzip2q_f32(a, b); }

// Every fourth, or every second, element of as many vectors.
UBP_INLINE void split_four(const float* from, float32x4_t* to) {
    const float32x4x4_t four = vld4q_f32(from);
    unroll<0, 4>([&](auto j) UBP_LAMBDA { to[j] = four.val[j]; });
}
UBP_INLINE void split_two(const float* from, float32x4_t* to) {
    const float32x4x2_t two = vld2q_f32(from);
    to[0] = two.val[0], to[1] = two.val[1];
}

// Ones in the bits of lanes that are to be kept.
template <class T>
struct MaskOf;
template <>
struct MaskOf<float> {
    using type = uint32x4_t;
};
template <class T>
using Mask = typename MaskOf<T>::type;

UBP_INLINE float32x4_t keep_lanes(float32x4_t v, uint32x4_t mask) {
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v), mask));
}

// Keeps the lanes whose column `first + lane * step` lies in a row of `width`.
template <class T>
UBP_INLINE Mask<T> inside_mask(int64_t first, int step, int64_t width);
template <>
UBP_INLINE uint32x4_t inside_mask<float>(int64_t first, int step, int64_t width) {
    const int32_t lane[4] = {0, step, 2 * step, 3 * step};
    const int32x4_t column = vaddq_s32(vdupq_n_s32(int32_t(first)), vld1q_s32(lane));
    return vcltq_u32(vreinterpretq_u32_s32(column), vdupq_n_u32(uint32_t(width)));
}

template <int Lane>
UBP_INLINE float32x4_t load_lane(const float* from, float32x4_t v) {
    return vld1q_lane_f32(from, v, Lane);
}
template <int Lane>
UBP_INLINE void store_lane(float* to, float32x4_t v) {
    vst1q_lane_f32(to, v, Lane);
}

UBP_INLINE uint32x4_t load(const uint32_t* from) { return vld1q_u32(from); }
UBP_INLINE void store(uint32_t* to, uint32x4_t v) { vst1q_u32(to, v); }
UBP_INLINE uint32x4_t both(uint32x4_t a, uint32x4_t b) { return vandq_u32(a, b); }
UBP_INLINE uint16x8_t load(const uint16_t* from) { return vld1q_u16(from); }
UBP_INLINE void store(uint16_t* to, uint16x8_t v) { vst1q_u16(to, v); }
UBP_INLINE uint16x8_t both(uint16x8_t a, uint16x8_t b) { return vandq_u16(a, b); }

// acc + x * w[Lane], fused.
template <int Lane>
UBP_INLINE float32x4_t fma_lane(float32x4_t acc, float32x4_t x, float32x4_t w) {
#if defined(__aarch64__)
    return vfmaq_laneq_f32(acc, x, w, Lane);
#else
    return vfmaq_f32(acc, x, vdupq_laneq_f32(w, Lane));
#endif
}

template <int Lane>
UBP_INLINE float32x4_t fma_lane(float32x4_t acc, float32x4_t x, float32x2_t w) {
#if defined(__aarch64__)
    return vfmaq_lane_f32(acc, x, w, Lane);
#else
    return vfmaq_f32(acc, x, vdupq_lane_f32(w, Lane));
#endif
}

UBP_INLINE float32x4_t fma_scalar(float32x4_t acc, float32x4_t x, float w) {
#if defined(__aarch64__)
    return vfmaq_n_f32(acc, x, w);
#else
    return vfmaq_f32(acc, x, vdupq_n_f32(w));
#endif
}

template <int Lane>
UBP_INLINE float32x4_t fma_lane(float32x4_t acc, float32x4_t x, float w) {
    static_assert(Lane == 0, "a number has one lane");
    return fma_scalar(acc, x, w);
}

#if defined(__aarch64__)
// Vectors of a multi-register load or store, by the type that the intrinsics take.
UBP_INLINE float32x4x4_t load_four(const float* from) { return vld1q_f32_x4(from); }
UBP_INLINE float32x4x3_t load_three(const float* from) { return vld1q_f32_x3(from); }
UBP_INLINE float32x4x2_t load_two(const float* from) { return vld1q_f32_x2(from); }
UBP_INLINE uint32x4x4_t load_four(const uint32_t* from) { return vld1q_u32_x4(from); }
UBP_INLINE uint32x4x3_t load_three(const uint32_t* from) { return vld1q_u32_x3(from); }
UBP_INLINE uint32x4x2_t load_two(const uint32_t* from) { return vld1q_u32_x2(from); }
UBP_INLINE uint16x8x4_t load_four(const uint16_t* from) { return vld1q_u16_x4(from); }
UBP_INLINE uint16x8x3_t load_three(const uint16_t* from) { return vld1q_u16_x3(from); }
UBP_INLINE uint16x8x2_t load_two(const uint16_t* from) { return vld1q_u16_x2(from); }
UBP_INLINE void store_four(float* to, const float32x4_t* v) {
    const float32x4x4_t all = {{v[0], v[1], v[2], v[3]}};
    vst1q_f32_x4(to, all);
}
UBP_INLINE void store_three(float* to, const float32x4_t* v) {
    const float32x4x3_t all = {{v[0], v[1], v[2]}};
    vst1q_f32_x3(to, all);
}
UBP_INLINE void store_two(float* to, const float32x4_t* v) {
    const float32x4x2_t all = {{v[0], v[1]}};
    vst1q_f32_x2(to, all);
}
UBP_INLINE void store_four(uint32_t* to, const uint32x4_t* v) {
    const uint32x4x4_t all = {{v[0], v[1], v[2], v[3]}};
    vst1q_u32_x4(to, all);
}
UBP_INLINE void store_three(uint32_t* to, const uint32x4_t* v) {
    const uint32x4x3_t all = {{v[0], v[1], v[2]}};
    vst1q_u32_x3(to, all);
}
UBP_INLINE void store_two(uint32_t* to, const uint32x4_t* v) {
    const uint32x4x2_t all = {{v[0], v[1]}};
    vst1q_u32_x2(to, all);
}
UBP_INLINE void store_four(uint16_t* to, const uint16x8_t* v) {
    const uint16x8x4_t all = {{v[0], v[1], v[2], v[3]}};
    vst1q_u16_x4(to, all);
}
UBP_INLINE void store_three(uint16_t* to, const uint16x8_t* v) {
    const uint16x8x3_t all = {{v[0], v[1], v[2]}};
    vst1q_u16_x3(to, all);
}
UBP_INLINE void store_two(uint16_t* to, const uint16x8_t* v) {
    const uint16x8x2_t all = {{v[0], v[1]}};
    vst1q_u16_x2(to, all);
}
#endif

// `st1`, which on wide cores is half as many micro-operations as `str q`, and has no offset.
template <class T, class V>
UBP_INLINE void store_alone(T* to, V v) {
#if defined(__aarch64__)
    asm("st1 {%1.16b}, %0" : "=Q"(*reinterpret_cast<V*>(to)) : "w"(v));
#else
    store(to, v);
#endif
}

// A vector of pieces of Count elements, from as many places; and a piece of a vector to memory.
template <int Count>
UBP_INLINE float32x4_t load_pieces(const float* const* from, int64_t offset) {
    if constexpr (Count == 4) return vld1q_f32(from[0] + offset);
    else return vcombine_f32(vld1_f32(from[0] + offset), vld1_f32(from[1] + offset));
}
template <int Count, int Piece>
UBP_INLINE void store_piece(float* to, float32x4_t v) {
    if constexpr (Count == 4) store_alone(to, v);
    else vst1_f32(to, Piece == 0 ? vget_low_f32(v) : vget_high_f32(v));
}

}  // namespace
}  // namespace ubp
