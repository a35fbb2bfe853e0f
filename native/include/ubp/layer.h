// The packed weights of one layer, as the reader of a file or a caller's arrays present them.
// Owns no memory and checks nothing: whoever makes a LayerView answers for its contents.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ubp/dtype.h"

namespace ubp {

enum class Activation : uint32_t {
    none = 0,
    relu = 1,
    relu6 = 2,
    hard_swish = 3,
    hard_sigmoid = 4,
    silu = 5,
    sigmoid = 6
};

// Rows are output channels (R), columns are in_channels * kernel_h * kernel_w (K), blocks have block_size (N) rows.
struct LayerView {
    uint32_t rows = 0;
    uint32_t columns = 0;      // 1..65536
    uint32_t block_size = 0;   // 1, 2, 4, 8 or 16; 0: dense, `weights` is [R][K] and the other block arrays are null
    uint32_t in_channels = 0;  // of one group
    uint32_t groups = 1;       // more than 1: dense, group g makes rows g R / groups and on from its own channels
    uint32_t kernel_h = 1, kernel_w = 1;
    uint32_t stride_h = 1, stride_w = 1;
    uint32_t pad_h = 0, pad_w = 0;      // zeros on both sides
    uint32_t extra_h = 0, extra_w = 0;  // more zeros below, more to the right
    uint32_t dilation_h = 1, dilation_w = 1;
    Activation activation = Activation::none;
    DType dtype = DType::fp32;               // of `weights`
    bool wide_sums = false;                  // fp16: the products are summed in fp32
    uint32_t block_count = 0;                // B
    uint32_t block_columns = 1;              // of a block; 4 in some sparse layers of int8
    const uint32_t* row_begin = nullptr;     // [starts + 1], starts = max(R - N + 1, 0); blocks of start row r
    const uint16_t* block_column = nullptr;  // [B + 2], ascending within a start row; the last two are 0, read ahead.
                                             // With 4 block columns: the number of a group of columns
    const void* weights = nullptr;           // [B][N][block_columns]: weights of row r + i stand at (r + i) % N
    const float* bias = nullptr;             // [R], always present but in layers of int8
    // Of layers of int8 only. Row r of the weights and of the bias counts in steps of scales[r], the bias in those of
    // the input too.
    const int32_t* integer_bias = nullptr;   // [R]
    const float* scales = nullptr;           // [R]
    const uint16_t* column_order = nullptr;  // [K] columns in groups of four, the last filled up; null: 1 block column
    // Elements that may be read (never used) behind `weights`. Kernels that load a block ahead need weight_slack() of
    // them; where there are fewer, the operator keeps a copy of the weights instead of using them in place.
    uint32_t readable_after_weights = 0;
    bool blocked = false;  // dense: `weights` is [ceil(R / 8)][K][8], zeros in rows beyond R; otherwise [R][K]

    // `weights`, where T is their dtype.
    template <class T>
    const T* weights_as() const {
        return static_cast<const T*>(weights);
    }
    // One weight of an fp32 or fp16 layer, by its place in `weights`.
    float weight(size_t place) const {
        return dtype == DType::fp16 ? float(weights_as<Half>()[place]) : weights_as<float>()[place];
    }
    // Begin of the weights that stand `count` elements behind the first.
    const void* weights_at(size_t count) const {
        return static_cast<const char*>(weights) + count * element_bytes(dtype);
    }

    bool is_dense() const { return block_size == 0; }
    uint32_t start_rows() const { return rows >= block_size ? rows - block_size + 1 : 0; }
    uint32_t weight_slack() const { return 2 * (is_dense() ? 8 : block_size); }
    // Where a dense layer's weight stands.
    size_t dense_index(size_t row, size_t column) const {
        return blocked ? (row / 8 * columns + column) * 8 + row % 8 : row * columns + column;
    }
    size_t dense_count() const { return blocked ? (size_t{rows} + 7) / 8 * 8 * columns : size_t{rows} * columns; }
};

}  // namespace ubp
