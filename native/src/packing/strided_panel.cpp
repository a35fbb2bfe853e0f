#include "packing/strided_panel.h"

#include <algorithm>

#include "kernels/neon.h"

namespace ubp {
namespace {

// A row of the input, for four output positions.
struct InputRow {
    const float* x;       // of the image: its first channel
    int64_t row, column;  // of the first position's first tap; may lie outside
    int64_t lanes;        // positions that there are, from the first on
    float* to;            // of that tap
    int64_t to_tap, to_channel;
};

// All taps of a row, for every channel. Reads one float more than the taps need.
template <int Taps, bool Masked>
void copy_taps(const Geometry& g, const InputRow& in) {
    uint32x4_t inside[Taps];
    for (int t = 0; Masked && t < Taps; ++t) {
        const int32_t lanes[4] = {0, 2, 4, 6};
        const int32x4_t column = vaddq_s32(vdupq_n_s32(int32_t(in.column + t)), vld1q_s32(lanes));
        inside[t] = vcltq_u32(vreinterpretq_u32_s32(column), vdupq_n_u32(uint32_t(g.width)));
    }
    const float* from = in.x + in.row * g.width + in.column;
    float* to = in.to;
    const int64_t plane = g.plane(), to_tap = in.to_tap, to_channel = in.to_channel;
    for (int64_t left = g.channels; left > 0; --left) {
        float32x4_t taps[Taps];
        unroll<0, (Taps + 1) / 2>([&](auto pair) UBP_LAMBDA {
            constexpr int t = 2 * pair;
            const float32x4_t low = vld1q_f32(from + t), high = vld1q_f32(from + t + 4);
            taps[t] = vuzp1q_f32(low, high);
            if constexpr (t + 1 < Taps) taps[t + 1] = vuzp2q_f32(low, high);
        });
        unroll<0, Taps>([&](auto t) UBP_LAMBDA {
            const uint32x4_t bits = vreinterpretq_u32_f32(taps[t]);
            store_alone(to + t * to_tap, Masked ? vreinterpretq_f32_u32(vandq_u32(bits, inside[t])) : taps[t]);
        });
        from += plane;
        to += to_channel;
    }
}

template <bool Masked>
void copy_row(const Geometry& g, const InputRow& in) {
    if (g.kernel_w == 3) return copy_taps<3, Masked>(g, in);
    if (g.kernel_w == 5) return copy_taps<5, Masked>(g, in);
    copy_taps<7, Masked>(g, in);
}

// Float by float: what lies outside is 0.
void gather_row(const Geometry& g, const InputRow& in) {
    for (int64_t c = 0; c < g.channels; ++c) {
        const float* const row = in.x + c * g.plane() + in.row * g.width;
        for (int64_t t = 0; t < g.kernel_w; ++t) {
            for (int64_t lane = 0; lane < in.lanes; ++lane) {
                const int64_t column = in.column + t + 2 * lane;
                in.to[c * in.to_channel + t * in.to_tap + lane] = column >= 0 && column < g.width ? row[column] : 0.0f;
            }
        }
    }
}

void clear_row(const Geometry& g, const InputRow& in) {
    for (int64_t c = 0; c < g.channels; ++c) {
        for (int64_t t = 0; t < g.kernel_w; ++t) std::fill_n(in.to + c * in.to_channel + t * in.to_tap, in.lanes, 0.0f);
    }
}

// `before`: floats of the array before this image's first, `behind`: from there on.
void fill_row(const Geometry& g, const InputRow& in, int64_t before, int64_t behind) {
    if (in.row < 0 || in.row >= g.height) return clear_row(g, in);
    const int64_t at = in.row * g.width + in.column, last = at + (g.channels - 1) * g.plane() + g.kernel_w + 7;
    if (in.lanes < 4 || at < -before || last > behind) return gather_row(g, in);
    if (in.column >= 0 && in.column + g.kernel_w + 5 < g.width) return copy_row<false>(g, in);
    copy_row<true>(g, in);
}

}  // namespace

bool suits_strided_panel(const Geometry& g) {
    return g.stride_w == 2 && g.dilation_w == 1 && g.dilation_h == 1 &&
           (g.kernel_w == 3 || g.kernel_w == 5 || g.kernel_w == 7);
}

void pack_strided_panel(const Geometry& g, const float* x, int64_t first, int count, int stride, float* panel) {
    const int64_t image_floats = g.channels * g.plane();
    int64_t image = first / g.out_plane(), row = first % g.out_plane() / g.out_w, column = first % g.out_w;
    for (int p = 0; p < count;) {
        // A vector's positions, as far as they lie in one output row.
        const int64_t lanes = std::min<int64_t>({4 - p % 4, count - p, g.out_w - column});
        InputRow in{x + image * image_floats, 0, column * 2 - g.pad_w, lanes, panel + p, stride, g.taps() * stride};
        for (int64_t i = 0; i < g.kernel_h; ++i, in.to += g.kernel_w * stride) {
            in.row = row * g.stride_h - g.pad_h + i;
            fill_row(g, in, image * image_floats, (g.batch - image) * image_floats);
        }
        p += int(lanes);
        column += lanes;
        if (column < g.out_w) continue;
        column = 0;
        if (++row < g.out_h) continue;
        row = 0, ++image;
    }
}

}  // namespace ubp
