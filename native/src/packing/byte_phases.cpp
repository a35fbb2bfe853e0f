#include "packing/byte_phases.h"

#include <algorithm>

#include "kernels/integers/dot.h"
#include "kernels/integers/planar/planar.h"

namespace ubp {
namespace {

constexpr int one = 16;  // bytes of a vector

UBP_INLINE int8x16_t centred(uint8x16_t v) { return vreinterpretq_s8_u8(veorq_u8(v, vdupq_n_u8(128))); }
UBP_INLINE int8x8_t centred(uint8x8_t v) { return vreinterpret_s8_u8(veor_u8(v, vdup_n_u8(128))); }

// Every other byte, from the first on. The second half of what is read begins a byte early, so that nothing is read
// behind the last one.
UBP_INLINE void take_sixteen(const uint8_t* from, int8_t* to) {
    const uint8x16_t first = vld1q_u8(from), second = vld1q_u8(from + one - 1);
    store_alone(to, centred(vcombine_u8(vget_low_u8(vuzp1q_u8(first, first)), vget_low_u8(vuzp2q_u8(second, second)))));
}
UBP_INLINE void take_eight(const uint8_t* from, int8_t* to) {
    const uint8x8_t first = vld1_u8(from), second = vld1_u8(from + 7);
    const uint32x2_t low = vreinterpret_u32_u8(vuzp1_u8(first, first));
    vst1_s8(to, centred(vreinterpret_u8_u32(vzip1_u32(low, vreinterpret_u32_u8(vuzp2_u8(second, second))))));
}
UBP_INLINE void take_four(const uint8_t* from, int8_t* to) {
    uint32_t words[2];
    __builtin_memcpy(words, from, 4);
    __builtin_memcpy(words + 1, from + 3, 4);
    const uint8_t places[8] = {0, 2, 5, 7, 0, 0, 0, 0};
    const uint8x8_t v = vtbl1_u8(vreinterpret_u8_u32(vld1_u32(words)), vld1_u8(places));
    vst1_lane_u32(reinterpret_cast<uint32_t*>(to), vreinterpret_u32_s8(centred(v)), 0);
}

// to[x] = from[x * stride] less 128, for x below `count`.
UBP_INLINE void centre_singly(const uint8_t* from, int64_t stride, int64_t count, int8_t* to) {
    for (int64_t x = 0; x < count; ++x) to[x] = int8_t(from[x * stride] ^ 128);
}

// The same of stride 2, for x below `count`. The last ones of a step are done together, some of them again.
UBP_INLINE void centre_pairs(const uint8_t* from, int64_t count, int8_t* to) {
    const auto all = [&](int64_t step, const auto& take) UBP_LAMBDA {
        int64_t x = 0;
        for (; x + step < count; x += step) take(from + 2 * x, to + x);
        take(from + 2 * (count - step), to + count - step);
    };
    if (count >= one) return all(one, take_sixteen);
    if (count >= 8) return all(8, take_eight);
    if (count >= 4) return all(4, take_four);
    centre_singly(from, 2, count, to);
}

}  // namespace

void centre_phases(const PhaseRows image) {  // a copy, which no written byte can change
    const bool together = image.from_bytes == image.width;
    if (image.stride == 1 && together && image.pad + image.width <= image.phase_bytes)
        return centre_rows({image.from, image.width, image.rows, image.to + image.pad, image.row_bytes});
    for (int64_t phase = 0; phase < image.phases; ++phase) {
        const int64_t shift = phase - image.pad;  // column of the phase's first byte
        const int64_t begin = shift >= 0 ? 0 : (-shift + image.stride - 1) / image.stride;
        const int64_t room = std::max<int64_t>(0, image.width - shift);
        const int64_t count = std::min(image.phase_bytes, (room + image.stride - 1) / image.stride) - begin;
        const uint8_t* from = image.from + shift + begin * image.stride;
        int8_t* to = image.to + phase * image.phase_bytes + begin;
        for (int64_t left = image.rows; left > 0; --left, from += image.from_bytes, to += image.row_bytes) {
            if (image.stride == 2) centre_pairs(from, count, to);
            else centre_singly(from, image.stride, count, to);
        }
    }
}

}  // namespace ubp
