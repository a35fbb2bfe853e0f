// The transforms of a Winograd convolution F(M x M, 3 x 3) on planar images: what the operator calls. A tile is M x M
// outputs of one channel, made from E = (M + 2)^2 elements; between the two transforms every element is a dense walk of
// its own (kernels/wros) over panels [channels][tiles]. T: type of inputs and outputs; A: what is computed in.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/lanes.h"
#include "ubp/dtype.h"

namespace ubp {

// As many tiles as a vector has lanes, or fewer.
template <class A>
struct TileGroup {
    int32_t from[lanes<A>];  // first element of each tile's inputs in the padded rows
    int32_t to[lanes<A>];    // and of its outputs in the strip; lanes without a tile go to a place of no use
    int32_t before;          // elements per row of all panels before this group's
    int32_t step;            // elements per row of its panel
    int32_t within;          // of its first lane, in a row

    // Of row `row` in an element whose panels have `rows` rows.
    int64_t place(int64_t row, int64_t rows) const { return before * rows + row * step + within; }
};

// Elements of a row in two arrays.
struct RowCopy {
    int32_t from, to;
};

// Some channels to panels: rows are copied into a padded array first, whose zeros around them the caller has made.
template <class T, class A>
struct WinogradInput {
    const T* x = nullptr;  // the first channel
    int64_t plane = 0, channels = 0;
    int64_t first_channel = 0, all_channels = 0;  // of the panels
    const RowCopy* rows = nullptr;
    int64_t row_count = 0, width = 0;
    A* padded = nullptr;
    int64_t padded_stride = 0;
    const TileGroup<A>* groups = nullptr;
    int64_t group_count = 0;
    A* panels = nullptr;  // of element 0
    int64_t element_stride = 0;
};

// Some rows (output channels) of products to y: through a strip of whole tiles, from which what lies inside of the
// image is scaled, takes its bias, the residual (where there is one) and the clamp, and goes to the output.
template <class T, class A>
struct WinogradOutput {
    const A* products = nullptr;  // of element 0
    int64_t element_stride = 0;
    int64_t first_row = 0, row_count = 0, all_rows = 0;  // of the products
    const TileGroup<A>* groups = nullptr;
    int64_t group_count = 0;
    A* strip = nullptr;
    int64_t strip_stride = 0;
    const RowCopy* copies = nullptr;
    int64_t copy_count = 0, width = 0;
    const A *scale = nullptr, *bias = nullptr;  // of the first of the rows
    A low = A(0), high = A(0);
    T* y = nullptr;  // the first of the rows
    const T* residual = nullptr;
    int64_t plane = 0;
};

template <class T, class A>
struct WinogradTile {
    int side = 0;  // M
    void (*input)(const WinogradInput<T, A>&) = nullptr;
    void (*output)(const WinogradOutput<T, A>&) = nullptr;

    int reach() const { return side + 2; }
    int elements() const { return reach() * reach(); }
};

template <class T, class A>
struct WinogradKernels {
    const char* name = nullptr;
    WinogradTile<T, A> tiles[2];
    int tile_count = 0;
};

const WinogradKernels<float, float>& f32_winograd_neon();
#if defined(__x86_64__)
const WinogradKernels<float, float>& f32_winograd_avx512();
#endif
const WinogradKernels<Half, Half>& f16_winograd();

}  // namespace ubp
