// The transforms of a Winograd convolution F(M x M, 3 x 3) on planar floats: what the operator calls. A tile is M x M
// outputs of one channel, made from E = (M + 2)^2 elements; between the two transforms every element is a dense walk of
// its own (kernels/wros) over panels [channels][tiles].
#pragma once

#include <cstddef>
#include <cstdint>

namespace ubp {

// Up to four tiles, one in each lane of a vector.
struct TileGroup {
    int32_t from[4];  // first float of each tile's inputs in the padded rows
    int32_t to[4];    // first float of each tile's outputs in the strip; lanes without a tile go to a place of no use
    int32_t before;   // floats per row of all panels before this group's
    int32_t step;     // floats per row of its panel
    int32_t within;   // of its first lane, in a row

    // Of row `row` in an element whose panels have `rows` rows.
    int64_t place(int64_t row, int64_t rows) const { return before * rows + row * step + within; }
};

// Floats of a row in two arrays.
struct RowCopy {
    int32_t from, to;
};

// Some channels to panels: rows are copied into a padded array first, whose zeros around them the caller has made.
struct WinogradInput {
    const float* x = nullptr;  // the first channel
    int64_t plane = 0, channels = 0;
    int64_t first_channel = 0, all_channels = 0;  // of the panels
    const RowCopy* rows = nullptr;
    int64_t row_count = 0, width = 0;
    float* padded = nullptr;
    int64_t padded_stride = 0;
    const TileGroup* groups = nullptr;
    int64_t group_count = 0;
    float* panels = nullptr;  // of element 0
    int64_t element_stride = 0;
};

// Some rows (output channels) of products to y: through a strip of whole tiles, from which what lies inside of the
// image is copied, with the residual added (where there is one) and clamped.
struct WinogradOutput {
    const float* products = nullptr;  // of element 0
    int64_t element_stride = 0;
    int64_t first_row = 0, row_count = 0, all_rows = 0;  // of the products
    const TileGroup* groups = nullptr;
    int64_t group_count = 0;
    float* strip = nullptr;
    int64_t strip_stride = 0;
    const RowCopy* copies = nullptr;
    int64_t copy_count = 0, width = 0;
    float low = 0, high = 0;
    float* y = nullptr;  // the first of the rows
    const float* residual = nullptr;
    int64_t plane = 0;
};

struct WinogradTile {
    int side = 0;  // M
    void (*input)(const WinogradInput&) = nullptr;
    void (*output)(const WinogradOutput&) = nullptr;

    int reach() const { return side + 2; }
    int elements() const { return reach() * reach(); }
};

constexpr int winograd_tiles = 2;

struct WinogradKernels {
    const char* name = nullptr;
    WinogradTile tiles[winograd_tiles];
};

const WinogradKernels& winograd_kernels_neon();
#if defined(__x86_64__)
const WinogradKernels& winograd_kernels_avx512();
#endif

}  // namespace ubp
