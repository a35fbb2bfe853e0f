#include "packing/panel.h"

#include <algorithm>
#include <cstring>

#include "kernels/neon.h"

namespace ubp {
namespace {

// Copies `planes` runs of 4 * V (+ 1) floats, one per input plane.
template <int V, int Single>
void copy_runs(const float* from, int64_t plane, int64_t planes, float* to) {
    for (int64_t c = 0; c < planes; ++c) {
        float32x4_t v[V > 0 ? V : 1];
        for (int j = 0; j < V; ++j) v[j] = vld1q_f32(from + 4 * j);
        for (int j = 0; j < V; ++j) vst1q_f32(to + 4 * j, v[j]);
        if (Single) vst1q_f32(to + 4 * V, vld1q_dup_f32(from + 4 * V));
        from += plane;
        to += 4 * (V + Single);
    }
}

using CopyRuns = void (*)(const float*, int64_t, int64_t, float*);

CopyRuns copy_runs_of(int count, int stride) {
    if (stride == count) {
        constexpr CopyRuns whole[] = {nullptr,         copy_runs<1, 0>, copy_runs<2, 0>, copy_runs<3, 0>, copy_runs<4, 0>,
                                      copy_runs<5, 0>, copy_runs<6, 0>, copy_runs<7, 0>, copy_runs<8, 0>};
        return whole[stride / 4];
    }
    if (stride == count + 3) {
        constexpr CopyRuns single[] = {nullptr,         copy_runs<0, 1>, copy_runs<1, 1>, copy_runs<2, 1>,
                                       copy_runs<3, 1>, copy_runs<4, 1>, copy_runs<5, 1>, copy_runs<6, 1>,
                                       copy_runs<7, 1>};
        return single[stride / 4];
    }
    return nullptr;
}

UBP_INLINE float32x4_t masked(float32x4_t v, const uint32_t* mask) {
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v), vld1q_u32(mask)));
}

// One panel row from consecutive sources, under a mask.
UBP_INLINE void copy_masked(const float* from, const uint32_t* mask, int stride, float* to) {
    for (int p = 0; p < stride; p += 4) vst1q_f32(to + p, masked(vld1q_f32(from + p), mask + p));
}

template <int V>
UBP_INLINE void copy_plain(const float* from, float* to) {
    float32x4_t v[V];
    for (int j = 0; j < V; ++j) v[j] = vld1q_f32(from + 4 * j);
    for (int j = 0; j < V; ++j) vst1q_f32(to + 4 * j, v[j]);
}

// One panel row from sources anywhere.
UBP_INLINE void copy_gathered(const float* plane, const int32_t* source, const uint32_t* mask, int stride, float* to) {
    for (int p = 0; p < stride; p += 4) {
        float32x4_t v = vdupq_n_f32(plane[source[p]]);
        v = vld1q_lane_f32(plane + source[p + 1], v, 1);
        v = vld1q_lane_f32(plane + source[p + 2], v, 2);
        v = vld1q_lane_f32(plane + source[p + 3], v, 3);
        vst1q_f32(to + p, masked(v, mask + p));
    }
}

}  // namespace

PanelPacker::PanelPacker(const Geometry& geometry) : geometry_(geometry) {
    shifted_ = geometry.stride_h == 1 && geometry.stride_w == 1 && geometry.out_w == geometry.width;
    const size_t entries = size_t(geometry.taps()) * most_positions;
    source_.resize(entries);
    mask_.resize(entries);
    interior_.resize(size_t(geometry.taps()));
}

void PanelPacker::pack(const float* x, int64_t first, int count, int stride, float* panel) {
    const int64_t image = first / geometry_.out_plane();
    const bool one_image = (first + count - 1) / geometry_.out_plane() == image;
    if (one_image && shifted_ && geometry_.taps() == 1 && geometry_.pad_h == 0) {
        pack_pointwise(x, first, count, stride, panel);
        return;
    }
    find_sources(first, count, stride);
    if (one_image && shifted_) {
        pack_shifted(x, first, count, stride, panel);
    } else {
        pack_gathered(x, first, count, stride, panel);
    }
}

void PanelPacker::pack_pointwise(const float* x, int64_t first, int count, int stride, float* panel) const {
    const int64_t plane = geometry_.plane(), image = first / plane;
    const float* from = x + image * geometry_.channels * plane + first % plane;
    if (const CopyRuns copy = copy_runs_of(count, stride)) {
        copy(from, plane, geometry_.channels, panel);
        return;
    }
    for (int64_t c = 0; c < geometry_.channels; ++c, panel += stride, from += plane) {
        std::memcpy(panel, from, size_t(count) * sizeof(float));
        std::fill(panel + count, panel + stride, 0.0f);
    }
}

// Where every position of the tile finds its input, for each tap: the same for all channels.
void PanelPacker::find_sources(int64_t first, int count, int stride) {
    const Geometry& g = geometry_;
    const int64_t first_image = first / g.out_plane();
    std::fill(interior_.begin(), interior_.end(), uint8_t{1});
    for (int p = 0; p < stride; ++p) {
        const int64_t position = first + std::min(p, count - 1);
        const int64_t image = position / g.out_plane(), within = position % g.out_plane();
        const int64_t top = within / g.out_w * g.stride_h - g.pad_h, left = within % g.out_w * g.stride_w - g.pad_w;
        const int64_t base = (image - first_image) * g.channels * g.plane();
        for (int64_t tap = 0; tap < g.taps(); ++tap) {
            const int64_t y = top + tap / g.kernel_w * g.dilation_h, column = left + tap % g.kernel_w * g.dilation_w;
            const bool inside = y >= 0 && y < g.height && column >= 0 && column < g.width;
            const size_t entry = size_t(tap) * most_positions + size_t(p);
            source_[entry] = inside ? int32_t(base + y * g.width + column) : 0;
            mask_[entry] = inside && p < count ? 0xffffffffu : 0u;
            if (!inside) interior_[size_t(tap)] = 0;
        }
    }
}

void PanelPacker::pack_shifted(const float* x, int64_t first, int count, int stride, float* panel) {
    const Geometry& g = geometry_;
    const int64_t image = first / g.out_plane(), within = first % g.out_plane();
    const int64_t plane = g.plane(), end = g.input_floats();
    for (int64_t c = 0; c < g.channels; ++c) {
        const int64_t base = (image * g.channels + c) * plane;
        for (int64_t tap = 0; tap < g.taps(); ++tap, panel += stride) {
            const int64_t shift = (tap / g.kernel_w * g.dilation_h - g.pad_h) * g.width +
                                  tap % g.kernel_w * g.dilation_w - g.pad_w;
            const int64_t from = base + within + shift;
            const size_t entry = size_t(tap) * most_positions;
            if (from < 0 || from + stride > end) {  // the first and the last planes: beyond them there is nothing
                copy_gathered(x + base, &source_[entry], &mask_[entry], stride, panel);
            } else if (interior_[size_t(tap)] && stride == 16 && count == 16) {
                copy_plain<4>(x + from, panel);
            } else {
                copy_masked(x + from, &mask_[entry], stride, panel);
            }
        }
    }
}

void PanelPacker::pack_gathered(const float* x, int64_t first, int, int stride, float* panel) {
    const Geometry& g = geometry_;
    const float* plane = x + first / g.out_plane() * g.channels * g.plane();
    for (int64_t c = 0; c < g.channels; ++c, plane += g.plane()) {
        for (int64_t tap = 0; tap < g.taps(); ++tap, panel += stride) {
            const size_t entry = size_t(tap) * most_positions;
            copy_gathered(plane, &source_[entry], &mask_[entry], stride, panel);
        }
    }
}

}  // namespace ubp
