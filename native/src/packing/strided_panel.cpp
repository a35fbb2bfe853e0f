#include "packing/strided_panel.h"

#include <algorithm>

#include "kernels/loads.h"

namespace ubp {
namespace {

// Rows of the input, for up to four positions of an output row.
struct InputRow {
    const float* x;       // of the image: its first channel
    int64_t row, column;  // of the first position's first tap; may lie outside
    int64_t lanes;        // positions that there are, from the first on
    float* to;            // of that tap
    int64_t to_tap, to_channel;
};

// All taps of `rows` input rows, for every channel. Reads one float more than the taps need.
template <int Taps, bool Masked>
void copy_taps(const Geometry& g, const InputRow& in, int64_t rows) {
    uint32x4_t inside[Taps];
    for (int t = 0; Masked && t < Taps; ++t) {
        const int32_t lanes[4] = {0, 2, 4, 6};
        const int32x4_t column = vaddq_s32(vdupq_n_s32(int32_t(in.column + t)), vld1q_s32(lanes));
        inside[t] = vcltq_u32(vreinterpretq_u32_s32(column), vdupq_n_u32(uint32_t(g.width)));
    }
    const int64_t width = g.width, plane = g.plane(), to_tap = in.to_tap, to_channel = in.to_channel;
    const float* const first = in.x + in.row * width + in.column;
    for (int64_t c = 0; c < g.channels; ++c) {
        const float* from = first + c * plane;
        float* to = in.to + c * to_channel;
        for (int64_t left = rows; left > 0; --left, from += width) {
            float32x4_t taps[Taps];
            unroll<0, (Taps + 1) / 2>([&](auto pair) UBP_LAMBDA {
                constexpr int t = 2 * pair;
                const float32x4_t low = vld1q_f32(from + t), high = vld1q_f32(from + t + 4);
                taps[t] = vuzp1q_f32(low, high);
                if constexpr (t + 1 < Taps) taps[t + 1] = vuzp2q_f32(low, high);
            });
            unroll<0, Taps>([&](auto t) UBP_LAMBDA {
                const uint32x4_t bits = vreinterpretq_u32_f32(taps[t]);
                store_alone(to, Masked ? vreinterpretq_f32_u32(vandq_u32(bits, inside[t])) : taps[t]);
                to += to_tap;
            });
        }
    }
}

template <bool Masked>
void copy_rows(const Geometry& g, const InputRow& in, int64_t rows) {
    if (g.kernel_w == 3) return copy_taps<3, Masked>(g, in, rows);
    if (g.kernel_w == 5) return copy_taps<5, Masked>(g, in, rows);
    copy_taps<7, Masked>(g, in, rows);
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

// Floats of the array before an image's first one, and from there on.
struct Room {
    int64_t before, behind;

    // Whether all channels of some rows can be read as vectors.
    bool holds(const Geometry& g, const InputRow& in, int64_t rows) const {
        const int64_t at = in.row * g.width + in.column;
        const int64_t end = at + (rows - 1) * g.width + (g.channels - 1) * g.plane() + g.kernel_w + 7;
        return in.lanes == 4 && at >= -before && end <= behind;
    }
};

// Rows and columns that may lie outside, row by row.
__attribute__((noinline)) void fill_edge(const Geometry& g, InputRow in, const Room& room) {
    for (int64_t i = 0; i < g.kernel_h; ++i, ++in.row, in.to += g.kernel_w * in.to_tap) {
        if (in.row < 0 || in.row >= g.height) {
            clear_row(g, in);
        } else if (room.holds(g, in, 1)) {
            copy_rows<true>(g, in, 1);
        } else {
            gather_row(g, in);
        }
    }
}

void fill(const Geometry& g, const InputRow& in, const Room& room) {
    const bool inside = in.row >= 0 && in.row + g.kernel_h <= g.height && in.column >= 0 &&
                        in.column + g.kernel_w + 5 < g.width && room.holds(g, in, g.kernel_h);
    inside ? copy_rows<false>(g, in, g.kernel_h) : fill_edge(g, in, room);
}

}  // namespace

bool suits_strided_panel(const Geometry& g) {
    const bool whole_vectors = g.out_w % 4 == 0;  // others are filled float by float, which few channels can bear
    return g.stride_w == 2 && g.dilation_w == 1 && g.dilation_h == 1 && (whole_vectors || g.channels <= 4) &&
           (g.kernel_w == 3 || g.kernel_w == 5 || g.kernel_w == 7);
}

void pack_strided_panel(const Geometry& g, const float* x, int64_t first, int count, int stride, float* panel) {
    const int64_t image_floats = g.channels * g.plane();
    int64_t image = first / g.out_plane(), row = first % g.out_plane() / g.out_w, column = first % g.out_w;
    for (int p = 0; p < count;) {
        // A vector's positions, as far as they lie in one output row.
        const int64_t lanes = std::min<int64_t>({4 - p % 4, count - p, g.out_w - column});
        const InputRow in{
            x + image * image_floats, row * g.stride_h - g.pad_h, column * 2 - g.pad_w, lanes, panel + p, stride,
            g.taps() * stride};
        fill(g, in, {image * image_floats, (g.batch - image) * image_floats});
        p += int(lanes);
        column += lanes;
        if (column < g.out_w) continue;
        column = 0;
        if (++row < g.out_h) continue;
        row = 0, ++image;
    }
}

}  // namespace ubp
