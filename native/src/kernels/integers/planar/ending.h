// Steps in fp32 on their way to bytes: the stages of RowEnd behind the multiplication by a factor; and bytes as fp32.
#pragma once

#include "kernels/integers/requantise.h"

namespace ubp {
namespace {

// Bytes are computed in one order everywhere: out-of-order cores need no other, and these passes wait for memory.
template <Ending ending>
using PassLimits = Limits<ending, false>;
template <int Count, Ending ending>
using PassEnd = RowEnd<Count, ending, false>;

// All stages from First on.
template <int First, int Count, Ending ending>
UBP_INLINE void run_end(PassEnd<Count, ending>& end, float factor, const PassLimits<ending>& limits) {
    unroll<First, PassEnd<Count, ending>::stages>([&](auto stage) UBP_LAMBDA {
        unroll<0, PassEnd<Count, ending>::items(stage)>(
            [&](auto item) UBP_LAMBDA { end.template run<stage, item>(factor, limits); });
    });
}

// The bytes of 16 numbers in steps.
template <Ending ending>
UBP_INLINE uint8x16_t bytes_of_steps(const float32x4_t* steps, const PassLimits<ending>& limits) {
    PassEnd<4, ending> end;
    for (int j = 0; j < 4; ++j) end.steps[j] = steps[j];
    run_end<1>(end, 1.0f, limits);
    return end.bytes[0];
}

// 16 bytes less their zero point as fp32. The high half of a float from 2^23 on, in front of a byte, makes 2^23 plus
// that byte: wide cores have one unit for conversions, and two or more for this.
struct ByteFloats {
    float32x4_t less;

    UBP_INLINE explicit ByteFloats(int32_t zero_point) : less(vdupq_n_f32(8388608.0f + float(zero_point))) {}
    UBP_INLINE void of(uint8x16_t bytes, float32x4_t* to) const {
        const uint16x8_t high = vdupq_n_u16(0x4b00);
        const uint16x8_t first = vmovl_u8(vget_low_u8(bytes)), second = vmovl_high_u8(bytes);
        to[0] = minus_less(vzip1q_u16(first, high)), to[1] = minus_less(vzip2q_u16(first, high));
        to[2] = minus_less(vzip1q_u16(second, high)), to[3] = minus_less(vzip2q_u16(second, high));
    }
    UBP_INLINE float32x4_t minus_less(uint16x8_t bits) const { return vsubq_f32(vreinterpretq_f32_u16(bits), less); }
};

}  // namespace
}  // namespace ubp
