#include "packing/byte_phases.h"

#include <algorithm>

#include "kernels/integers/planar/planar.h"
#include "kernels/neon.h"

namespace ubp {
namespace {

// to[x] = from[x * stride] less 128, for x below `count`. Reads nothing behind from[(count - 1) * stride].
void centre_every(const uint8_t* from, int64_t stride, int64_t count, int8_t* to) {
    constexpr int one = 16;
    int64_t x = 0;
    for (; stride == 2 && x + one < count; x += one) {
        const uint8x16_t v = vuzp1q_u8(vld1q_u8(from + 2 * x), vld1q_u8(from + 2 * x + one));
        vst1q_s8(to + x, vreinterpretq_s8_u8(veorq_u8(v, vdupq_n_u8(128))));
    }
    if (stride == 2 && count >= one && x < count) {  // the last ones, some of them again
        from += 2 * (count - one);
        const uint8x16_t first = vld1q_u8(from), second = vld1q_u8(from + one - 1);
        const uint8x16_t v = vcombine_u8(vget_low_u8(vuzp1q_u8(first, first)), vget_low_u8(vuzp2q_u8(second, second)));
        vst1q_s8(to + count - one, vreinterpretq_s8_u8(veorq_u8(v, vdupq_n_u8(128))));
        return;
    }
    for (; x < count; ++x) to[x] = int8_t(from[x * stride] ^ 128);
}

}  // namespace

void centre_phases(const PhaseRows& image) {
    if (image.stride == 1 && image.pad + image.width <= image.phase_bytes)
        return centre_rows({image.from, image.width, image.rows, image.to + image.pad, image.row_bytes});
    for (int64_t phase = 0; phase < image.stride; ++phase) {
        const int64_t shift = phase - image.pad;  // column of the phase's first byte
        const int64_t begin = shift >= 0 ? 0 : (-shift + image.stride - 1) / image.stride;
        const int64_t room = std::max<int64_t>(0, image.width - shift);
        const int64_t end = std::min(image.phase_bytes, (room + image.stride - 1) / image.stride);
        for (int64_t i = 0; i < image.rows; ++i) {
            centre_every(image.from + i * image.width + shift + begin * image.stride, image.stride, end - begin,
                         image.to + i * image.row_bytes + phase * image.phase_bytes + begin);
        }
    }
}

}  // namespace ubp
