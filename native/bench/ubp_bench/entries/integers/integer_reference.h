// What outputs of layers of int8 are compared with, bit for bit: sums of whole numbers, and the arithmetic of
// docs/format.md, "Integers". Shares no code with the operators.
#pragma once

#include <cstdint>
#include <vector>

#include "../plain_loop.h"
#include "layer_bytes.h"

namespace ubp::bench {

/// [batch][R][out_height][out_width].
std::vector<uint8_t> run_integer_reference(const LayerView& layer, const Shape& shape, const LayerBytes& bytes,
                                           const std::vector<uint8_t>& x, const OnPart& on_part);

}  // namespace ubp::bench
