// The output transform: as many tiles at once as a vector has lanes, turned into rows of a strip; then the part of the
// strip that lies inside of the image goes to the output.
#pragma once

#include "kernels/winograd/transforms.h"
#include "kernels/winograd/winograd.h"

namespace ubp {
namespace {

// What happens to an output of a row on its way: its scale and bias, the residual, and the clamp.
template <class A, bool Residual>
struct Finish {
    A scale;
    Vector<A> bias, low, high;

    UBP_INLINE Vector<A> operator()(const A* from, const A* residual) const {
        Vector<A> v = fma_scalar(bias, load(from), scale);
        if constexpr (Residual) v = plus(v, load(residual));
        return lesser(greater(v, low), high);
    }
};

template <class A, bool Residual>
UBP_INLINE void finish_short_row(const Finish<A, Residual>& finish, const A* from, const A* residual, A* to,
                                 int64_t width) {
    A parts[2][lanes<A>] = {};
    for (int64_t i = 0; i < width; ++i) {
        parts[0][i] = from[i];
        if constexpr (Residual) parts[1][i] = residual[i];
    }
    store(parts[0], finish(parts[0], parts[1]));
    for (int64_t i = 0; i < width; ++i) to[i] = parts[0][i];
}

// The last vector lies over the one before. It is made first, because the residual may be the output itself.
template <class A, bool Residual>
UBP_INLINE void finish_row(const Finish<A, Residual>& finish, const A* from, const A* residual, A* to, int64_t width) {
    constexpr int step = lanes<A>;
    if (width < step) return finish_short_row(finish, from, residual, to, width);
    const Vector<A> last = finish(from + width - step, residual + (Residual ? width - step : 0));
    int64_t i = 0;
    for (; i + 2 * step < width; i += 2 * step) {
        const Vector<A> pair[2] = {finish(from + i, residual + (Residual ? i : 0)),
                                   finish(from + i + step, residual + (Residual ? i + step : 0))};
        store_together<2>(to + i, pair);
    }
    for (; i + step < width; i += step) store(to + i, finish(from + i, residual + (Residual ? i : 0)));
    store(to + width - step, last);
}

// Vectors of an output column each to vectors of four outputs of a tile after the other.
template <class V>
UBP_INLINE void transpose(V* v) {
    const V a = interleave_low(v[0], v[2]), b = interleave_high(v[0], v[2]);
    const V c = interleave_low(v[1], v[3]), d = interleave_high(v[1], v[3]);
    v[0] = interleave_low(a, c), v[1] = interleave_high(a, c);
    v[2] = interleave_low(b, d), v[3] = interleave_high(b, d);
}

template <int M, class T, class A>
struct OutputTransform {
    using V = Vector<A>;
    static constexpr int reach = M + 2, tiles = lanes<A>;
    A part[M][reach][tiles];  // after the columns

    UBP_INLINE void columns(const A* products, int64_t element_stride) {
        const int64_t row_stride = reach * element_stride;
        for (int j = 0; j < reach; ++j, products += element_stride) {
            V m[reach], v[M];
            const A* from = products;
            for (int i = 0; i < reach; ++i, from += row_stride) m[i] = load(from);
            Transform<M, A>::template output<winograd_damping<A>>(m, v);
            for (int i = 0; i < M; ++i) store_alone(part[i][j], v[i]);
        }
    }

    UBP_INLINE void rows(A* strip, int64_t stride, const TileGroup<A>& group) const {
        A* to[tiles];
        for (int t = 0; t < tiles; ++t) to[t] = strip + group.to[t];
        for (int i = 0; i < M; ++i) {
            V m[reach], v[M];
            load_together<reach>(m, part[i][0]);
            Transform<M, A>::template output<winograd_damping<A>>(m, v);
            transpose(v);
            unroll<0, tiles>([&](auto t) UBP_LAMBDA {
                constexpr int pieces = tiles / 4;
                store_piece<4, t % pieces>(to[t] + i * stride, v[t / pieces]);
            });
            if constexpr (M == 6) {
                const V pairs[2] = {interleave_low(v[4], v[5]), interleave_high(v[4], v[5])};
                unroll<0, tiles>([&](auto t)
                                     UBP_LAMBDA { store_piece<2, t % 2>(to[t] + i * stride + 4, pairs[t / 2]); });
            }
        }
    }

    template <bool Residual>
    static void run_rows(const WinogradOutput<T, A>& out) {
        OutputTransform space;
        const V low = spread<A>(out.low), high = spread<A>(out.high);
        for (int64_t r = 0; r < out.row_count; ++r) {
            for (int64_t i = 0; i < out.group_count; ++i) {
                const TileGroup<A>& group = out.groups[i];
                space.columns(out.products + group.place(out.first_row + r, out.all_rows), out.element_stride);
                space.rows(out.strip, out.strip_stride, group);
            }
            const Finish<A, Residual> finish{out.scale[r], spread_one(out.bias + r), low, high};
            const int64_t at = r * out.plane;
            for (int64_t i = 0; i < out.copy_count; ++i) {
                const RowCopy& copy = out.copies[i];
                finish_row(finish, out.strip + copy.from, Residual ? out.residual + at + copy.to : nullptr,
                           out.y + at + copy.to, out.width);
            }
        }
    }

    static void run(const WinogradOutput<T, A>& out) { out.residual ? run_rows<true>(out) : run_rows<false>(out); }
};

}  // namespace
}  // namespace ubp
