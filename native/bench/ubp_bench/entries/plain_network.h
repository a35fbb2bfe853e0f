// The plain loops that a network's output is compared with, in double precision. Shares no code with the operators.
#pragma once

#include <functional>
#include <vector>

#include "ubp/packed_file.h"

namespace ubp::bench {

using Doubles = std::vector<double>;

/// All outputs of a network, one behind the other.
/// @param inputs  of tensor 0, 1, ..., one behind the other
/// @param tell    is called with the number of nodes done
Doubles run_plain_network(const PackedFile& file, const std::vector<float>& inputs,
                          const std::function<void(int64_t)>& tell);

/// The largest error relative to the largest magnitude of the outputs; infinite where an output is not a number.
double largest_network_error(const Doubles& expected, const std::vector<float>& y);

/// Above this a network's output differs: fp32 sums through some fifty layers stay below it.
constexpr double kNetworkTolerance = 1e-4;

/// The same where any of it is computed in fp16, or in int8: there a byte that doubles round to the other side changes
/// all layers behind it. Bits are compared in the project's tests.
constexpr double kNarrowNetworkTolerance = 5e-2;

}  // namespace ubp::bench
