#include "packing/panel.h"

#include <algorithm>

#include "kernels/neon.h"
#include "packing/strided_panel.h"

namespace ubp {
namespace {

// Four or eight elements from any offsets.
UBP_INLINE uint32x4_t gather(const Bits<float>* from, const int64_t* offset) {
    uint32x4_t v = vdupq_n_u32(from[offset[0]]);
    v = vld1q_lane_u32(from + offset[1], v, 1);
    v = vld1q_lane_u32(from + offset[2], v, 2);
    return vld1q_lane_u32(from + offset[3], v, 3);
}

UBP_INLINE uint16x8_t gather(const Bits<Half>* from, const int64_t* offset) {
    uint16x8_t v = vdupq_n_u16(from[offset[0]]);
    v = vld1q_lane_u16(from + offset[1], v, 1);
    v = vld1q_lane_u16(from + offset[2], v, 2);
    v = vld1q_lane_u16(from + offset[3], v, 3);
    v = vld1q_lane_u16(from + offset[4], v, 4);
    v = vld1q_lane_u16(from + offset[5], v, 5);
    v = vld1q_lane_u16(from + offset[6], v, 6);
    return vld1q_lane_u16(from + offset[7], v, 7);
}

// A vector of every second element.
UBP_INLINE uint32x4_t load_half_of(const uint32_t* from) { return vld2q_u32(from).val[0]; }
UBP_INLINE uint16x8_t load_half_of(const uint16_t* from) { return vld2q_u16(from).val[0]; }

// One vector of every plane, from any offsets.
template <class T>
void gather_vector(const PlaneCopy<T>& copy, const int32_t* offset) {
    const auto mask = load(copy.mask);
    int64_t wide[lanes<T>];
    for (int i = 0; i < lanes<T>; ++i) wide[i] = offset[i];
    const auto* from = reinterpret_cast<const Bits<T>*>(copy.from);
    auto* to = reinterpret_cast<Bits<T>*>(copy.to);
    for (int64_t left = copy.planes; left > 0; --left) {
        store(to, both(gather(from, wide), mask));
        from += copy.plane;
        to += copy.step;
    }
}

// One vector of every plane, from every second element: reads two vectors.
template <class T>
void halve_vector(const PlaneCopy<T>& copy, int64_t offset) {
    const auto mask = load(copy.mask);
    const auto* from = reinterpret_cast<const Bits<T>*>(copy.from) + offset;
    auto* to = reinterpret_cast<Bits<T>*>(copy.to);
    for (int64_t left = copy.planes; left > 0; --left) {
        store(to, both(load_half_of(from), mask));
        from += copy.plane;
        to += copy.step;
    }
}

template <class T>
bool step_is(const int32_t* offset, int32_t step) {
    bool same = true;
    for (int i = 1; i < lanes<T>; ++i) same = same && offset[i] - offset[i - 1] == step;
    return same;
}

}  // namespace

template <class T>
PanelPacker<T>::PanelPacker(const Geometry& geometry) : geometry_(geometry) {
    consecutive_ = geometry.stride_h == 1 && geometry.stride_w == 1 && geometry.out_w == geometry.width;
    padded_ = geometry.padded();
    strided_ = suits_strided_panel(geometry, lanes<T>);
    const Word ones = Word(-1);
    std::fill_n(mask_, most_positions, ones);
    row_mask_.assign(size_t(geometry.kernel_h) * most_positions, ones);
    column_mask_.assign(size_t(geometry.kernel_w) * most_positions, ones);
    row_inside_.assign(size_t(geometry.kernel_h), 1);
    column_inside_.assign(size_t(geometry.kernel_w), 1);
}

template <class T>
void PanelPacker<T>::pack(const CopyKernels<T>& copies, const T* x, int64_t first, int count, int stride, T* panel) {
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
template <class T>
void PanelPacker<T>::find_positions(int stride) {
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
    for (int p = 0; p < stride; p += lanes<T>) {
        in_row_[p / lanes<T>] = step_is<T>(offset_ + p, int32_t(g.stride_w)) && top_[p] == top_[p + lanes<T> - 1];
    }
}

// A tap is inside the image where its row and its column are.
template <class T>
void PanelPacker<T>::find_masks(int stride) {
    const auto mark = [stride](const int32_t* at, int64_t shift, int64_t size, Word* mask) {
        const Word ones = Word(-1);
        Word all = ones;
        for (int p = 0; p < stride; ++p) {
            mask[p] = uint32_t(at[p] + int32_t(shift)) < uint32_t(size) ? ones : Word(0);
            all = Word(all & mask[p]);
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

template <class T>
bool PanelPacker<T>::set_tap_mask(int64_t tap, int stride) {
    const size_t row = size_t(tap / geometry_.kernel_w), column = size_t(tap % geometry_.kernel_w);
    const Word *rows = &row_mask_[row * most_positions], *columns = &column_mask_[column * most_positions];
    for (int p = 0; p < stride; p += lanes<T>) store(mask_ + p, both(load(rows + p), load(columns + p)));
    return !(row_inside_[row] && column_inside_[column]);
}

// Channels whose sources lie inside the array are copied as they stand; the first and the last planes, where the row
// before or behind the image would be read, are gathered.
template <class T>
void PanelPacker<T>::pack_consecutive(const CopyKernels<T>& copies, const T* x, int64_t tap, bool masked, int stride,
                                      T* to) {
    const Geometry& g = geometry_;
    const int64_t from =
        start_ + offset_[0] + tap / g.kernel_w * g.dilation_h * g.width + tap % g.kernel_w * g.dilation_w;
    const int64_t plane = g.plane(), last = g.input_floats() - stride - from;
    const int64_t begin = std::min(g.channels, from < 0 ? (-from + plane - 1) / plane : 0);
    const int64_t end = last < 0 ? begin : std::max(begin, std::min(g.channels, last / plane + 1));
    const int64_t step = g.taps() * stride;
    if (begin < end) {
        const PlaneCopy<T> copy{x + from + begin * plane, plane, end - begin, mask_, to + begin * step, step};
        (masked ? copies.masked[stride / lanes<T>] : copies.plain[stride / lanes<T>])(copy);
    }
    if (!padded_ && end - begin < g.channels) find_positions(stride);
    if (begin > 0) pack_gathered(x, tap, 0, begin, stride, to);
    if (end < g.channels) pack_gathered(x, tap, end, g.channels - end, stride, to + end * step);
}

template <class T>
void PanelPacker<T>::pack_gathered(const T* x, int64_t tap, int64_t channel, int64_t channels, int stride, T* to) {
    const Geometry& g = geometry_;
    const int32_t shift = int32_t(tap / g.kernel_w * g.dilation_h * g.width + tap % g.kernel_w * g.dilation_w);
    const int64_t start = start_ + channel * g.plane(), room = g.input_floats() - start - (channels - 1) * g.plane();
    for (int p = 0; p < stride; p += lanes<T>) {
        const PlaneCopy<T> copy{x + start, g.plane(), channels, mask_ + p, to + p, g.taps() * stride};
        const int64_t at = offset_[p] + shift;
        if (g.stride_w == 2 && in_row_[p / lanes<T>] && start + at >= 0 && at + 2 * lanes<T> <= room) {
            halve_vector(copy, at);  // what lies outside of the image is read from beside it, and masked
            continue;
        }
        int32_t source[lanes<T>];
        for (int i = 0; i < lanes<T>; ++i) source[i] = mask_[p + i] ? offset_[p + i] + shift : 0;
        gather_vector(copy, source);
    }
}

template class PanelPacker<float>;
template class PanelPacker<Half>;

}  // namespace ubp
