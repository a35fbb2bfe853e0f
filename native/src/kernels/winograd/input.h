// The input transform: as many tiles at once as a vector has lanes, columns first. What the columns give goes through
// memory, from where loads that de-interleave make vectors across the tiles.
#pragma once

#include "kernels/winograd/transforms.h"
#include "kernels/winograd/winograd.h"

namespace ubp {
namespace {

// A row, its last vector over the one before: the target is not the source, so elements may be copied twice.
template <class A>
UBP_INLINE void copy_row(const A* from, A* to, int64_t width) {
    constexpr int step = lanes<A>;
    if (width < step) {
        for (int64_t i = 0; i < width; ++i) to[i] = from[i];
        return;
    }
    const Vector<A> last = load(from + width - step);
    int64_t i = 0;
    for (; i + 4 * step <= width; i += 4 * step) {
        Vector<A> v[4];
        load_together<4>(v, from + i);
        store_together<4>(to + i, v);
    }
    for (; i + step < width; i += step) store_alone(to + i, load(from + i));
    store(to + width - step, last);
}

template <int M, class T, class A>
struct InputTransform {
    using V = Vector<A>;
    static constexpr int reach = M + 2, tiles = lanes<A>;
    static constexpr int rest = reach - 4;  // columns of a tile behind its first four: four, or two

    // Columns 0..3 of every tile, and the others: [row][tile][column].
    A low[reach][4 * tiles], high[reach][rest * tiles];

    // Columns `first` and on of as many tiles as fill a vector.
    template <int Count>
    UBP_INLINE void some_columns(const A* const* from, int64_t stride, int first, A* to, int row) {
        V d[reach], v[reach];
        for (int i = 0; i < reach; ++i) d[i] = load_pieces<Count>(from, first + i * stride);
        Transform<M, A>::input(d, v);
        for (int i = 0; i < reach; ++i) store_alone(to + i * row, v[i]);
    }

    UBP_INLINE void columns(const A* padded, int64_t stride, const TileGroup<A>& group) {
        const A* from[tiles];
        for (int t = 0; t < tiles; ++t) from[t] = padded + group.from[t];
        unroll<0, 4>([&](auto v) UBP_LAMBDA {
            some_columns<4>(from + v * (tiles / 4), stride, 0, low[0] + v * tiles, 4 * tiles);
        });
        unroll<0, rest>([&](auto v) UBP_LAMBDA {
            some_columns<rest>(from + v * (tiles / rest), stride, 4, high[0] + v * tiles, rest * tiles);
        });
    }

    UBP_INLINE void rows(A* to, int64_t element_stride) const {
        for (int i = 0; i < reach; ++i) {
            V d[8], v[reach];
            split_four(low[i], d);
            if constexpr (rest == 4) split_four(high[i], d + 4);
            else split_two(high[i], d + 4);
            Transform<M, A>::input(d, v);
            for (int j = 0; j < reach; ++j, to += element_stride) store_alone(to, v[j]);
        }
    }

    static void run(const WinogradInput<T, A>& in) {
        InputTransform space;
        for (int64_t c = 0; c < in.channels; ++c) {
            const T* x = in.x + c * in.plane;
            for (int64_t i = 0; i < in.row_count; ++i)
                copy_row(x + in.rows[i].from, in.padded + in.rows[i].to, in.width);
            for (int64_t i = 0; i < in.group_count; ++i) {
                const TileGroup<A>& group = in.groups[i];
                space.columns(in.padded, in.padded_stride, group);
                space.rows(in.panels + group.place(in.first_channel + c, in.all_channels), in.element_stride);
            }
        }
    }
};

}  // namespace
}  // namespace ubp
