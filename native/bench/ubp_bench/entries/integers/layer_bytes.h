// What the bytes of an int8 layer mean where it runs alone: no graph says it (docs/format.md, "Integers").
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ubp/convolution.h"

namespace ubp::bench {

/// Of every input: bytes mean numbers from -1 to 1.
constexpr float kInputScale = 1.0f / 128;
constexpr int32_t kInputZeroPoint = 128;

/// Of the result: a range in which random inputs leave it, so that most of the 256 bytes occur.
struct LayerBytes {
    float scale = 1;  ///< of the result; of what its table is given, where it has one
    int32_t zero_point = 0;
    bool tabled = false;  ///< the activation is no clamp
    std::array<uint8_t, 256> table{};

    /// Throws BadInput with the reason where a row's factor would be no normal number.
    explicit LayerBytes(const LayerView& layer);

    /// For the operator; points to the table here.
    IntegerTensors tensors() const;
};

/// The bytes of random numbers.
std::vector<uint8_t> input_bytes(const std::vector<float>& x);

}  // namespace ubp::bench
