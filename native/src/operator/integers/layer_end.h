// What an int8 layer makes of its rows' sums: bytes or fp32, with what is added, limits and table.
#pragma once

#include "operator/activation.h"
#include "operator/integers/affine.h"
#include "operator/integers/prepared_integers.h"

namespace ubp {

struct LayerEnd {
    ByteResult result;    // of bytes
    bool floats = false;  // y is fp32, and the layer's factors have 1 in place of its scale
    Clamp clamp;          // of fp32
    bool residual = false;
    int32_t residual_zero = 0;
    float residual_factor = 0;

    // True where sums go through a pass, whatever they are.
    bool passed() const { return floats || residual; }
    size_t element() const { return floats ? sizeof(float) : 1; }
    // What the kernels are asked for.
    IntegerResult kernel_result() const { return {result.made.zero_point, result.low, result.high, passed()}; }
    // rows: sums, their factors and strides. residual: what is added, as y lies; null where nothing is.
    void end_rows(SumsEnd rows, const uint8_t* residual, void* y) const;
    // What the table has for bytes that are there already.
    void look_up(uint8_t* y, int64_t rows, int64_t count, int64_t stride) const;
};

}  // namespace ubp
