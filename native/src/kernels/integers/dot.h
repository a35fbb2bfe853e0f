// Vectors of int8 under the names of neon.h, and the dot product of quads: one instruction where the file is compiled
// for it, else widening multiplies. The sums are the same, whatever wraps on the way.
#pragma once

#include "kernels/neon.h"

namespace ubp {
namespace {

template <>
struct Register<int8_t, 16> {
    using type = int8x16_t;
    static UBP_INLINE type load(const int8_t* from) { return vld1q_s8(from); }
};

UBP_INLINE int8x16_t load(const int8_t* from) { return vld1q_s8(from); }

#if defined(__aarch64__)
UBP_INLINE int8x16x4_t load_four(const int8_t* from) { return vld1q_s8_x4(from); }
UBP_INLINE int8x16x3_t load_three(const int8_t* from) { return vld1q_s8_x3(from); }
UBP_INLINE int8x16x2_t load_two(const int8_t* from) { return vld1q_s8_x2(from); }
#else
UBP_INLINE void store_alone(int8_t* to, int8x16_t v) { vst1q_s8(to, v); }
UBP_INLINE void store_alone(uint8_t* to, uint8x16_t v) { vst1q_u8(to, v); }
#endif

// Count bytes, 4, 8 or 16, that lie Offset bytes behind a pointer; the others of the vector are anything. With an
// unscaled offset, a load is one micro-operation on wide cores, and two with a scaled one. The compiler does not see
// what is read: it must not have been written in the same function.
template <int Count, int Offset>
UBP_INLINE int8x16_t load_bytes(const int8_t* from) {
#if defined(__aarch64__)
    int8x16_t v;
    if constexpr (Count == 16) asm("ldur %q0, [%1, %2]" : "=w"(v) : "r"(from), "i"(Offset));
    else if constexpr (Count == 8) asm("ldur %d0, [%1, %2]" : "=w"(v) : "r"(from), "i"(Offset));
    else asm("ldur %s0, [%1, %2]" : "=w"(v) : "r"(from), "i"(Offset));
    return v;
#else
    if constexpr (Count == 16) return vld1q_s8(from + Offset);
    int8_t bytes[16] = {};
    __builtin_memcpy(bytes, from + Offset, Count);
    return vld1q_s8(bytes);
#endif
}

// The same of a row's bias, which is wanted in several registers: loads that are not merged.
template <int Row>
UBP_INLINE int32x4_t load_bias(const int32_t* from) {
#if defined(__aarch64__)
    int32x4_t v;
    asm volatile("ldur %q0, [%1, %2]" : "=w"(v) : "r"(from), "i"(16 * Row));
    return v;
#else
    return vld1q_s32(from + 4 * Row);
#endif
}

// acc + in each lane the sum of four products: of x, and of the Lane-th four bytes of w.
template <int Lane>
UBP_INLINE int32x4_t dot_lane(int32x4_t acc, int8x16_t x, int8x16_t w) {
#if defined(__ARM_FEATURE_DOTPROD)
    return vdotq_laneq_s32(acc, x, w, Lane);
#else
    // Weights are -127 to 127, so two products fit into 16 bits.
    const int8x8_t four = vreinterpret_s8_s32(vdup_laneq_s32(vreinterpretq_s32_s8(w), Lane));
    const int16x8_t low = vmull_s8(vget_low_s8(x), four), high = vmull_s8(vget_high_s8(x), four);
    return vpadalq_s16(acc, vpaddq_s16(low, high));
#endif
}

}  // namespace
}  // namespace ubp
