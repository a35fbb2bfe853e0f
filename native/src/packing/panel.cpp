#include "packing/panel.h"

#include <algorithm>

#include "kernels/neon.h"
#include "packing/strided_panel.h"

namespace ubp {
namespace {

constexpr uint32_t ones = 0xffffffffu;

// One vector of every plane, from any four offsets.
void gather_vector(const PlaneCopy& copy, const int32_t* offset) {
    const uint32x4_t mask = vld1q_u32(copy.mask);
    const int64_t a = offset[0], b = offset[1], c = offset[2], d = offset[3];
    const float* from = copy.from;
    float* to = copy.to;
    for (int64_t left = copy.planes; left > 0; --left) {
        float32x4_t v = vdupq_n_f32(from[a]);
        v = vld1q_lane_f32(from + b, v, 1);
        v = vld1q_lane_f32(from + c, v, 2);
        v = vld1q_lane_f32(from + d, v, 3);
        vst1q_f32(to, vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v), mask)));
        from += copy.plane;
        to += copy.step;
    }
}

// One vector of every plane, from every second float: reads eight.
void halve_vector(const PlaneCopy& copy, int64_t offset) {
    const uint32x4_t mask = vld1q_u32(copy.mask);
    const float* from = copy.from + offset;
    float* to = copy.to;
    for (int64_t left = copy.planes; left > 0; --left) {
        const float32x4x2_t pair = vld2q_f32(from);
        vst1q_f32(to, vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(pair.val[0]), mask)));
        from += copy.plane;
        to += copy.step;
    }
}

bool step_is(const int32_t* offset, int32_t step) {
    return offset[1] - offset[0] == step && offset[2] - offset[1] == step && offset[3] - offset[2] == step;
}

}  // namespace

PanelPacker::PanelPacker(const Geometry& geometry) : geometry_(geometry) {
    consecutive_ = geometry.stride_h == 1 && geometry.stride_w == 1 && geometry.out_w == geometry.width;
    padded_ = geometry.padded();
    strided_ = suits_strided_panel(geometry);
    std::fill_n(mask_, most_positions, ones);
    row_mask_.assign(size_t(geometry.kernel_h) * most_positions, ones);
    column_mask_.assign(size_t(geometry.kernel_w) * most_positions, ones);
    row_inside_.assign(size_t(geometry.kernel_h), 1);
    column_inside_.assign(size_t(geometry.kernel_w), 1);
}

void PanelPacker::pack(const CopyKernels& copies, const float* x, int64_t first, int count, int stride, float* panel) {
    const Geometry& g = geometry_;
    if (strided_) return pack_strided_panel(g, x, first, count, stride, panel);
    const int64_t image = first / g.out_plane();
    const bool consecutive = consecutive_ && (first + count - 1) / g.out_plane() == image;
    first_ = first, count_ = count;
    start_ = image * g.channels * g.plane();
    offset_[0] = int32_t(first % g.out_plane() - g.pad_h * g.width - g.pad_w);  // where sources are consecutive
    if (!consecutive || padded_) find_positions(stride);
    if (padded_) find_masks(stride);
    for (int64_t tap = 0; tap < g.taps(); ++tap) {
        const bool masked = padded_ && set_tap_mask(tap, stride);
        if (consecutive) {
            pack_consecutive(copies, x, tap, masked, stride, panel + tap * stride);
        } else {
            pack_gathered(x, tap, 0, g.channels, stride, panel + tap * stride);
        }
    }
}

// Input position of every output position's first tap. Positions beyond the tile repeat the last one.
void PanelPacker::find_positions(int stride) {
    const Geometry& g = geometry_;
    const int64_t within = first_ % g.out_plane(), image_step = g.channels * g.plane();
    int64_t row = within / g.out_w, column = within % g.out_w, base = 0;
    for (int p = 0; p < stride; ++p) {
        top_[p] = int32_t(row * g.stride_h - g.pad_h);
        left_[p] = int32_t(column * g.stride_w - g.pad_w);
        offset_[p] = int32_t(base + int64_t{top_[p]} * g.width + left_[p]);
        if (p + 1 >= count_ || ++column < g.out_w) continue;
        column = 0;
        if (++row < g.out_h) continue;
        row = 0;
        base += image_step;
    }
    for (int p = 0; p < stride; p += 4)
        in_row_[p / 4] = step_is(offset_ + p, int32_t(g.stride_w)) && top_[p] == top_[p + 3];
}

// A tap is inside the image where its row and its column are.
void PanelPacker::find_masks(int stride) {
    const auto mark = [stride](const int32_t* at, int64_t shift, int64_t size, uint32_t* mask) {
        uint32_t all = ones;
        for (int p = 0; p < stride; ++p) {
            mask[p] = uint32_t(at[p] + int32_t(shift)) < uint32_t(size) ? ones : 0u;
            all &= mask[p];
        }
        return all == ones;
    };
    const Geometry& g = geometry_;
    for (int64_t i = 0; i < g.kernel_h; ++i) {
        row_inside_[size_t(i)] = mark(top_, i * g.dilation_h, g.height, &row_mask_[size_t(i) * most_positions]);
    }
    for (int64_t i = 0; i < g.kernel_w; ++i) {
        column_inside_[size_t(i)] = mark(left_, i * g.dilation_w, g.width, &column_mask_[size_t(i) * most_positions]);
    }
}

bool PanelPacker::set_tap_mask(int64_t tap, int stride) {
    const size_t row = size_t(tap / geometry_.kernel_w), column = size_t(tap % geometry_.kernel_w);
    const uint32_t *rows = &row_mask_[row * most_positions], *columns = &column_mask_[column * most_positions];
    for (int p = 0; p < stride; p += 4) vst1q_u32(mask_ + p, vandq_u32(vld1q_u32(rows + p), vld1q_u32(columns + p)));
    return !(row_inside_[row] && column_inside_[column]);
}

// Channels whose sources lie inside the array are copied as they stand; the first and the last planes, where the row
// before or behind the image would be read, are gathered.
void PanelPacker::pack_consecutive(const CopyKernels& copies, const float* x, int64_t tap, bool masked, int stride,
                                   float* to) {
    const Geometry& g = geometry_;
    const int64_t from =
        start_ + offset_[0] + tap / g.kernel_w * g.dilation_h * g.width + tap % g.kernel_w * g.dilation_w;
    const int64_t plane = g.plane(), last = g.input_floats() - stride - from;
    const int64_t begin = std::min(g.channels, from < 0 ? (-from + plane - 1) / plane : 0);
    const int64_t end = last < 0 ? begin : std::max(begin, std::min(g.channels, last / plane + 1));
    const int64_t step = g.taps() * stride;
    if (begin < end) {
        const PlaneCopy copy{x + from + begin * plane, plane, end - begin, mask_, to + begin * step, step};
        (masked ? copies.masked[stride / 4] : copies.plain[stride / 4])(copy);
    }
    if (!padded_ && end - begin < g.channels) find_positions(stride);
    if (begin > 0) pack_gathered(x, tap, 0, begin, stride, to);
    if (end < g.channels) pack_gathered(x, tap, end, g.channels - end, stride, to + end * step);
}

void PanelPacker::pack_gathered(const float* x, int64_t tap, int64_t channel, int64_t channels, int stride, float* to) {
    const Geometry& g = geometry_;
    const int32_t shift = int32_t(tap / g.kernel_w * g.dilation_h * g.width + tap % g.kernel_w * g.dilation_w);
    const int64_t start = start_ + channel * g.plane(), room = g.input_floats() - start - (channels - 1) * g.plane();
    for (int p = 0; p < stride; p += 4) {
        const PlaneCopy copy{x + start, g.plane(), channels, mask_ + p, to + p, g.taps() * stride};
        const int64_t at = offset_[p] + shift;
        if (g.stride_w == 2 && in_row_[p / 4] && start + at >= 0 && at + 8 <= room) {
            halve_vector(copy, at);  // what lies outside of the image is read from beside it, and masked
            continue;
        }
        int32_t source[4];
        for (int i = 0; i < 4; ++i) source[i] = mask_[p + i] ? offset_[p + i] + shift : 0;
        gather_vector(copy, source);
    }
}

}  // namespace ubp
