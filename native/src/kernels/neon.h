// The NEON intrinsics, native on ARM64 and through SIMDe elsewhere, and the few helpers that every kernel shares.
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

// A load that is not merged with another of the same address: where a value is wanted in several registers, loads leave
// the arithmetic units alone, which copies would not.
// The compiler does not see what is read: it must not have been written in the same function. Offset: floats.
template <int Offset>
UBP_INLINE float32x4_t load_again(const float* from) {
#if defined(__aarch64__)
    float32x4_t v;
    asm volatile("ldr %q0, [%1, %2]" : "=w"(v) : "r"(from), "i"(4 * Offset));
    return v;
#else
    return vld1q_f32(from + Offset);
#endif
}

// Loads Count vectors from consecutive addresses. Multi-register loads are one micro-operation per register on the
// Cortex-A76, where a single `ldr q` is two; in-order cores prefer single loads, which `load_each` makes.
template <int Count>
UBP_INLINE void load_together(float32x4_t* to, const float* from) {
#if defined(__aarch64__)
    if constexpr (Count >= 4) {
        const float32x4x4_t four = vld1q_f32_x4(from);
        unroll<0, 4>([&](auto j) UBP_LAMBDA { to[j] = four.val[j]; });
        load_together<Count - 4>(to + 4, from + 16);
    } else if constexpr (Count == 3) {
        const float32x4x3_t three = vld1q_f32_x3(from);
        unroll<0, 3>([&](auto j) UBP_LAMBDA { to[j] = three.val[j]; });
    } else if constexpr (Count == 2) {
        const float32x4x2_t two = vld1q_f32_x2(from);
        unroll<0, 2>([&](auto j) UBP_LAMBDA { to[j] = two.val[j]; });
    } else if constexpr (Count == 1) {
        to[0] = vld1q_f32(from);
    }
#else
    for (int j = 0; j < Count; ++j) to[j] = vld1q_f32(from + 4 * j);
#endif
}

// `st1`, which on wide cores is half as many micro-operations as `str q`, and has no offset.
UBP_INLINE void store_alone(float* to, float32x4_t v) {
#if defined(__aarch64__)
    asm("st1 {%1.4s}, %0" : "=Q"(*reinterpret_cast<float32x4_t*>(to)) : "w"(v));
#else
    vst1q_f32(to, v);
#endif
}

// Stores Count vectors to consecutive addresses, by the instruction that takes several registers: they must be
// neighbours, so this is for values that have just been computed.
template <int Count>
UBP_INLINE void store_together(float* to, const float32x4_t* from) {
#if defined(__aarch64__)
    if constexpr (Count >= 4) {
        const float32x4x4_t four = {{from[0], from[1], from[2], from[3]}};
        vst1q_f32_x4(to, four);
        store_together<Count - 4>(to + 16, from + 4);
    } else if constexpr (Count == 3) {
        const float32x4x3_t three = {{from[0], from[1], from[2]}};
        vst1q_f32_x3(to, three);
    } else if constexpr (Count == 2) {
        const float32x4x2_t two = {{from[0], from[1]}};
        vst1q_f32_x2(to, two);
    } else if constexpr (Count == 1) {
        store_alone(to, from[0]);
    }
#else
    for (int j = 0; j < Count; ++j) vst1q_f32(to + 4 * j, from[j]);
#endif
}

}  // namespace
}  // namespace ubp
