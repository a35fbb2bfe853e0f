// The output transform: four tiles at once, one in each lane, turned into rows of a strip; then the part of the strip
// that lies inside of the image goes to the output.
#pragma once

#include "kernels/winograd/transforms.h"
#include "kernels/winograd/winograd.h"

namespace ubp {
namespace {

// What happens to an output on its way: the residual, and the clamp.
template <bool Residual>
struct Finish {
    float32x4_t low, high;

    UBP_INLINE float32x4_t operator()(const float* from, const float* residual) const {
        float32x4_t v = vld1q_f32(from);
        if constexpr (Residual) v = vaddq_f32(v, vld1q_f32(residual));
        return vminq_f32(vmaxq_f32(v, low), high);
    }
};

template <bool Residual>
UBP_INLINE void finish_short_row(const Finish<Residual>& finish, const float* from, const float* residual, float* to,
                                 int64_t width) {
    float parts[2][4] = {};
    for (int64_t i = 0; i < width; ++i) {
        parts[0][i] = from[i];
        if constexpr (Residual) parts[1][i] = residual[i];
    }
    vst1q_f32(parts[0], finish(parts[0], parts[1]));
    for (int64_t i = 0; i < width; ++i) to[i] = parts[0][i];
}

// The last vector lies over the one before. It is made first, because the residual may be the output itself.
template <bool Residual>
UBP_INLINE void finish_row(const Finish<Residual>& finish, const float* from, const float* residual, float* to,
                           int64_t width) {
    if (width < 4) return finish_short_row(finish, from, residual, to, width);
    const float32x4_t last = finish(from + width - 4, residual + (Residual ? width - 4 : 0));
    int64_t i = 0;
    for (; i + 8 < width; i += 8) {
        const float32x4_t pair[2] = {finish(from + i, residual + (Residual ? i : 0)),
                                     finish(from + i + 4, residual + (Residual ? i + 4 : 0))};
        store_together<2>(to + i, pair);
    }
    for (; i + 4 < width; i += 4) vst1q_f32(to + i, finish(from + i, residual + (Residual ? i : 0)));
    vst1q_f32(to + width - 4, last);
}

UBP_INLINE void transpose(float32x4_t* v) {
    const float32x4_t a = vzip1q_f32(v[0], v[2]), b = vzip2q_f32(v[0], v[2]);
    const float32x4_t c = vzip1q_f32(v[1], v[3]), d = vzip2q_f32(v[1], v[3]);
    v[0] = vzip1q_f32(a, c), v[1] = vzip2q_f32(a, c);
    v[2] = vzip1q_f32(b, d), v[3] = vzip2q_f32(b, d);
}

template <int M>
struct OutputTransform {
    static constexpr int reach = M + 2;
    float part[M][reach][4];  // after the columns

    UBP_INLINE void columns(const float* products, int64_t element_stride) {
        const int64_t row_stride = reach * element_stride;
        for (int j = 0; j < reach; ++j, products += element_stride) {
            float32x4_t m[reach], v[M];
            const float* from = products;
            for (int i = 0; i < reach; ++i, from += row_stride) m[i] = vld1q_f32(from);
            Transform<M>::output(m, v);
            for (int i = 0; i < M; ++i) store_alone(part[i][j], v[i]);
        }
    }

    UBP_INLINE void rows(float* strip, int64_t stride, const TileGroup& group) const {
        float* to[4];
        for (int t = 0; t < 4; ++t) to[t] = strip + group.to[t];
        for (int i = 0; i < M; ++i) {
            float32x4_t m[reach], v[M];
            load_together<reach>(m, part[i][0]);
            Transform<M>::output(m, v);
            transpose(v);
            unroll<0, 4>([&](auto t) UBP_LAMBDA { store_alone(to[t] + i * stride, v[t]); });
            if constexpr (M == 6) {
                const float32x4_t front = vzip1q_f32(v[4], v[5]), back = vzip2q_f32(v[4], v[5]);
                vst1_f32(to[0] + i * stride + 4, vget_low_f32(front));
                vst1_f32(to[1] + i * stride + 4, vget_high_f32(front));
                vst1_f32(to[2] + i * stride + 4, vget_low_f32(back));
                vst1_f32(to[3] + i * stride + 4, vget_high_f32(back));
            }
        }
    }

    template <bool Residual>
    static void run_rows(const WinogradOutput& out) {
        OutputTransform space;
        const Finish<Residual> finish{vdupq_n_f32(out.low), vdupq_n_f32(out.high)};
        for (int64_t r = 0; r < out.row_count; ++r) {
            for (int64_t i = 0; i < out.group_count; ++i) {
                const TileGroup& group = out.groups[i];
                space.columns(out.products + group.place(out.first_row + r, out.all_rows), out.element_stride);
                space.rows(out.strip, out.strip_stride, group);
            }
            const int64_t at = r * out.plane;
            for (int64_t i = 0; i < out.copy_count; ++i) {
                const RowCopy& copy = out.copies[i];
                finish_row(finish, out.strip + copy.from, Residual ? out.residual + at + copy.to : nullptr,
                           out.y + at + copy.to, out.width);
            }
        }
    }

    static void run(const WinogradOutput& out) { out.residual ? run_rows<true>(out) : run_rows<false>(out); }
};

}  // namespace
}  // namespace ubp
