#include "packing/strided_panel.h"

#include <algorithm>

#include "kernels/neon.h"
#include "kernels/wros/walk.h"

namespace ubp {
namespace {

// Words of even and of odd place in two vectors of them.
UBP_INLINE uint32x4_t even_words(uint32x4_t a, uint32x4_t b) { return vuzp1q_u32(a, b); }
UBP_INLINE uint32x4_t odd_words(uint32x4_t a, uint32x4_t b) { return vuzp2q_u32(a, b); }
UBP_INLINE uint16x8_t even_words(uint16x8_t a, uint16x8_t b) { return vuzp1q_u16(a, b); }
UBP_INLINE uint16x8_t odd_words(uint16x8_t a, uint16x8_t b) { return vuzp2q_u16(a, b); }

// Ones where column + 2 * lane lies in a row of `width`.
UBP_INLINE void set_inside(int64_t column, int64_t width, uint32x4_t* inside) {
    *inside = inside_mask<float>(column, 2, width);
}
UBP_INLINE void set_inside(int64_t column, int64_t width, uint16x8_t* inside) {
    const uint32x4_t low = inside_mask<float>(column, 2, width), high = inside_mask<float>(column + 8, 2, width);
    *inside = vcombine_u16(vmovn_u32(low), vmovn_u32(high));
}

// Rows of the input, for up to a vector of output positions.
template <class T>
struct InputRow {
    const T* x;           // of the image: its first channel
    int64_t row, column;  // of the first position's first tap; may lie outside
    int64_t count;        // positions that there are, from the first on
    T* to;                // of that tap
    int64_t to_tap, to_channel;
};

// All taps of `rows` input rows, for every channel. Reads one element more than the taps need.
template <class T, int Taps, bool Masked>
void copy_taps(const Geometry& g, const InputRow<T>& in, int64_t rows) {
    const int64_t width = g.width, plane = g.plane(), to_tap = in.to_tap, to_channel = in.to_channel;
    const auto* const first = reinterpret_cast<const Bits<T>*>(in.x) + in.row * width + in.column;
    using Words = decltype(load(first));
    Words inside[Taps];
    for (int t = 0; Masked && t < Taps; ++t) set_inside(in.column + t, width, inside + t);
    for (int64_t c = 0; c < g.channels; ++c) {
        const auto* from = first + c * plane;
        auto* to = reinterpret_cast<Bits<T>*>(in.to) + c * to_channel;
        for (int64_t left = rows; left > 0; --left, from += width) {
            Words taps[Taps];
            unroll<0, (Taps + 1) / 2>([&](auto pair) UBP_LAMBDA {
                constexpr int t = 2 * pair;
                const Words low = load(from + t), high = load(from + t + lanes<T>);
                taps[t] = even_words(low, high);
                if constexpr (t + 1 < Taps) taps[t + 1] = odd_words(low, high);
            });
            unroll<0, Taps>([&](auto t) UBP_LAMBDA {
                store_alone(to, Masked ? both(taps[t], inside[t]) : taps[t]);
                to += to_tap;
            });
        }
    }
}

template <bool Masked, class T>
void copy_rows(const Geometry& g, const InputRow<T>& in, int64_t rows) {
    if (g.kernel_w == 3) return copy_taps<T, 3, Masked>(g, in, rows);
    if (g.kernel_w == 5) return copy_taps<T, 5, Masked>(g, in, rows);
    copy_taps<T, 7, Masked>(g, in, rows);
}

// One by one: what lies outside is 0.
template <class T>
void gather_row(const Geometry& g, const InputRow<T>& in) {
    for (int64_t c = 0; c < g.channels; ++c) {
        const T* const row = in.x + c * g.plane() + in.row * g.width;
        for (int64_t t = 0; t < g.kernel_w; ++t) {
            for (int64_t lane = 0; lane < in.count; ++lane) {
                const int64_t column = in.column + t + 2 * lane;
                in.to[c * in.to_channel + t * in.to_tap + lane] =
                    column >= 0 && column < g.width ? row[column] : T(0.0f);
            }
        }
    }
}

template <class T>
void clear_row(const Geometry& g, const InputRow<T>& in) {
    for (int64_t c = 0; c < g.channels; ++c) {
        for (int64_t t = 0; t < g.kernel_w; ++t)
            std::fill_n(in.to + c * in.to_channel + t * in.to_tap, in.count, T(0.0f));
    }
}

// Elements of the array before an image's first one, and from there on.
struct Room {
    int64_t before, behind;

    // Whether all channels of some rows can be read as vectors.
    template <class T>
    bool holds(const Geometry& g, const InputRow<T>& in, int64_t rows) const {
        const int64_t at = in.row * g.width + in.column;
        const int64_t end = at + (rows - 1) * g.width + (g.channels - 1) * g.plane() + g.kernel_w - 1 + 2 * lanes<T>;
        return in.count == lanes<T> && at >= -before && end <= behind;
    }
};

// Rows and columns that may lie outside, row by row.
template <class T>
__attribute__((noinline)) void fill_edge(const Geometry& g, InputRow<T> in, const Room& room) {
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

template <class T>
void fill(const Geometry& g, const InputRow<T>& in, const Room& room) {
    const bool inside = in.row >= 0 && in.row + g.kernel_h <= g.height && in.column >= 0 &&
                        in.column + g.kernel_w - 1 + 2 * (lanes<T> - 1) < g.width && room.holds(g, in, g.kernel_h);
    inside ? copy_rows<false>(g, in, g.kernel_h) : fill_edge(g, in, room);
}

}  // namespace

bool suits_strided_panel(const Geometry& g, int lanes) {
    const bool whole_vectors = g.out_w % lanes == 0;  // others are filled one by one, which few channels can bear
    return g.stride_w == 2 && g.dilation_w == 1 && g.dilation_h == 1 && (whole_vectors || g.channels <= 4) &&
           (g.kernel_w == 3 || g.kernel_w == 5 || g.kernel_w == 7);
}

template <class T>
void pack_strided_panel(const Geometry& g, const T* x, int64_t first, int count, int stride, T* panel) {
    const int64_t image_elements = g.channels * g.plane();
    int64_t image = first / g.out_plane(), row = first % g.out_plane() / g.out_w, column = first % g.out_w;
    for (int p = 0; p < count;) {
        // A vector's positions, as far as they lie in one output row.
        const int64_t part = std::min<int64_t>({lanes<T> - p % lanes<T>, count - p, g.out_w - column});
        const InputRow<T> in{
            x + image * image_elements, row * g.stride_h - g.pad_h, column * 2 - g.pad_w, part, panel + p, stride,
            g.taps() * stride};
        fill(g, in, {image * image_elements, (g.batch - image) * image_elements});
        p += int(part);
        column += part;
        if (column < g.out_w) continue;
        column = 0;
        if (++row < g.out_h) continue;
        row = 0, ++image;
    }
}

template void pack_strided_panel(const Geometry&, const float*, int64_t, int, int, float*);
template void pack_strided_panel(const Geometry&, const Half*, int64_t, int, int, Half*);

}  // namespace ubp
