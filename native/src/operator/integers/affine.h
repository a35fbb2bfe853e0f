// What bytes mean, and the factors and limits that follow from it: docs/format.md, "Integers".
#pragma once

#include <array>
#include <cstdint>

#include "kernels/integers/planar/planar.h"
#include "ubp/layer.h"

namespace ubp {

// A tensor's byte `q` means `scale * (q - zero_point)`.
struct Affine {
    float scale = 1;
    int32_t zero_point = 0;
};

using ByteTable = std::array<uint8_t, 256>;

// Multiplied and divided in fp64, and rounded once.
inline float factor_of(double product, float divisor) { return float(product / double(divisor)); }

// fp32 numbers as bytes of `made`.
inline void bytes_of_numbers(const float* from, uint8_t* to, int64_t count, const Affine& made) {
    bytes_of_floats(from, to, count, factor_of(1.0, made.scale), ByteLimits(made.zero_point));
}

// What an operator makes: bytes of this meaning, within limits; then, for an activation that is no clamp, what its
// table has for each. The table must outlive the operator.
struct ByteResult {
    Affine made;
    int32_t low = 0, high = 255;
    const uint8_t* table = nullptr;

    ByteLimits limits() const { return ByteLimits(made.zero_point, low, high); }
    // True where the kernels for results below 2^15 steps will do; `most`: steps that no operand exceeds.
    static bool bounded(double most) { return most < 32000.0; }
};

// made: of the tensor; or, with a table, of the bytes before the activation.
inline ByteResult result_of(Activation activation, const Affine& made, const uint8_t* table = nullptr) {
    ByteResult result{made, 0, 255, table};
    if (activation == Activation::relu || activation == Activation::relu6) result.low = made.zero_point;
    if (activation == Activation::relu6) {
        const float six = 6.0f;
        uint8_t byte = 0;
        bytes_of_numbers(&six, &byte, 1, made);
        result.high = byte;
    }
    return result;
}

// The bytes of `result` for each byte of `given`: a clamp by itself, or another scale.
inline ByteTable table_of(const Affine& given, const ByteResult& result) {
    float numbers[256];
    for (int q = 0; q < 256; ++q) numbers[q] = float(q - given.zero_point);
    ByteTable table;
    bytes_of_floats(numbers, table.data(), 256, factor_of(given.scale, result.made.scale), result.limits());
    return table;
}

}  // namespace ubp
