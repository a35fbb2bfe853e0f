// The input transform: four tiles at once, columns first. What the columns give goes through memory, from where loads
// that de-interleave make vectors across the tiles.
#pragma once

#include "kernels/winograd/transforms.h"
#include "kernels/winograd/winograd.h"

namespace ubp {
namespace {

// A row, its last vector over the one before: the target is not the source, so floats may be copied twice.
UBP_INLINE void copy_row(const float* from, float* to, int64_t width) {
    if (width < 4) {
        for (int64_t i = 0; i < width; ++i) to[i] = from[i];
        return;
    }
    const float32x4_t last = vld1q_f32(from + width - 4);
    int64_t i = 0;
    for (; i + 16 <= width; i += 16) {
        float32x4_t v[4];
        load_together<4>(v, from + i);
        store_together<4>(to + i, v);
    }
    for (; i + 4 < width; i += 4) store_alone(to + i, vld1q_f32(from + i));
    vst1q_f32(to + width - 4, last);
}

template <int M>
struct InputTransform {
    static constexpr int reach = M + 2;
    static constexpr bool whole = reach == 8;  // the second half of a tile's row fills a vector

    // Columns 0..3 of every tile, and the others: [row][tile][column].
    float low[reach][16], high[reach][whole ? 16 : 8];

    UBP_INLINE void low_columns(const float* from, int64_t stride, int tile) {
        float32x4_t d[reach], v[reach];
        for (int i = 0; i < reach; ++i) d[i] = vld1q_f32(from + i * stride);
        Transform<M>::input(d, v);
        for (int i = 0; i < reach; ++i) store_alone(low[i] + 4 * tile, v[i]);
    }

    // Where two columns are left, two tiles share a vector.
    UBP_INLINE void high_columns(const float* const* from, int64_t stride, int tile) {
        float32x4_t d[reach], v[reach];
        for (int i = 0; i < reach; ++i) {
            if constexpr (whole) d[i] = vld1q_f32(from[0] + 4 + i * stride);
            else d[i] = vcombine_f32(vld1_f32(from[0] + 4 + i * stride), vld1_f32(from[1] + 4 + i * stride));
        }
        Transform<M>::input(d, v);
        for (int i = 0; i < reach; ++i) store_alone(high[i] + (whole ? 4 : 2) * tile, v[i]);
    }

    UBP_INLINE void columns(const float* padded, int64_t stride, const TileGroup& group) {
        const float* from[4];
        for (int t = 0; t < 4; ++t) from[t] = padded + group.from[t];
        unroll<0, 4>([&](auto t) UBP_LAMBDA { low_columns(from[t], stride, t); });
        unroll<0, whole ? 4 : 2>([&](auto t) UBP_LAMBDA {
            constexpr int tile = whole ? t : 2 * t;
            high_columns(from + tile, stride, tile);
        });
    }

    UBP_INLINE void rows(float* to, int64_t element_stride) const {
        for (int i = 0; i < reach; ++i) {
            float32x4_t d[8], v[reach];
            const float32x4x4_t four = vld4q_f32(low[i]);
            for (int j = 0; j < 4; ++j) d[j] = four.val[j];
            if constexpr (whole) {
                const float32x4x4_t others = vld4q_f32(high[i]);
                for (int j = 0; j < 4; ++j) d[4 + j] = others.val[j];
            } else {
                const float32x4x2_t others = vld2q_f32(high[i]);
                d[4] = others.val[0], d[5] = others.val[1];
            }
            Transform<M>::input(d, v);
            for (int j = 0; j < reach; ++j, to += element_stride) store_alone(to, v[j]);
        }
    }

    static void run(const WinogradInput& in) {
        InputTransform space;
        for (int64_t c = 0; c < in.channels; ++c) {
            const float* x = in.x + c * in.plane;
            for (int64_t i = 0; i < in.row_count; ++i)
                copy_row(x + in.rows[i].from, in.padded + in.rows[i].to, in.width);
            for (int64_t i = 0; i < in.group_count; ++i) {
                const TileGroup& group = in.groups[i];
                space.columns(in.padded, in.padded_stride, group);
                space.rows(in.panels + group.place(in.first_channel + c, in.all_channels), in.element_stride);
            }
        }
    }
};

}  // namespace
}  // namespace ubp
