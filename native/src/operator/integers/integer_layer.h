// The weights of an int8 layer, as whoever prepares it presents them.
#pragma once

#include <cstdint>

#include "kernels/integers/walk.h"

namespace ubp {

// An int8 layer: blocks of `block_size` rows and `block_columns` columns. Owns nothing, and checks nothing.
struct IntegerLayer {
    uint32_t rows = 0, columns = 0;
    uint32_t block_size = 0;                 // 1, 2, 4, 8, 16; 0: dense, and no block arrays
    uint32_t block_columns = 1;              // 1, or 4: neighbours in the order of the panel
    uint32_t block_count = 0;                // B
    const uint32_t* row_begin = nullptr;     // [rows - block_size + 2]
    const uint16_t* block_column = nullptr;  // [B]; of groups: the group's number
    const int8_t* weights = nullptr;         // [B][N][block_columns], rotated; dense: [R][K]. -127 to 127
    const int32_t* bias = nullptr;           // [R]
    const float* factors = nullptr;          // [R], docs/format.md
    bool blocked = false;                    // dense weights are [ceil(R / 8)][K][8]

    uint32_t start_rows() const { return rows >= block_size ? rows - block_size + 1 : 0; }
    // Where a dense weight stands.
    size_t dense_index(size_t row, size_t column) const {
        return blocked ? (row / 8 * columns + column) * 8 + row % 8 : row * columns + column;
    }
    Form form() const { return block_size == 0 ? Form::dense : block_columns == 1 ? Form::zipped : Form::grouped; }
};

}  // namespace ubp
