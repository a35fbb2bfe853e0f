// What outputs of layers of fp32 and fp16 are compared with, in double precision.
#pragma once

#include <vector>

#include "plain_loop.h"

namespace ubp::bench {

/// What an output should be, and by which magnitude its rounding error is to be judged.
struct Expected {
    std::vector<double> y;      ///< [batch][R][out_height][out_width]
    std::vector<double> scale;  ///< |bias| (fp16: sqrt(1 + K) times) plus the sum of |weight * input| of each output
};

Expected run_reference(const LayerView& layer, const Shape& shape, const std::vector<float>& x, const OnPart& on_part);

/// The largest error of an output relative to its scale; infinite where an output is not a number.
double largest_error(const Expected& expected, const std::vector<float>& y);

/// Above this an output differs. fp32 sums of some thousand products stay below it in any order of summation.
constexpr double kTolerance = 1e-5;
/// Of a layer that runs by Winograd, which rounds in its transforms too.
constexpr double kWinogradTolerance = 3e-5;

/// The same in fp16, whose numbers have 2^-11: sums of some thousand products of either sign stay below four times
/// that.
constexpr double kHalfTolerance = 2e-3;

}  // namespace ubp::bench
