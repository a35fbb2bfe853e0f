// The plain loop that outputs are compared with. Shares no code with the operator.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ubp/layer.h"

namespace ubp::bench {

/// Sizes of one run.
struct Shape {
    int64_t batch, height, width, out_height, out_width;

    int64_t out_plane() const { return out_height * out_width; }
};

/// What an output should be, and by which magnitude its rounding error is to be judged.
struct Expected {
    std::vector<double> y;      ///< [batch][R][out_height][out_width]
    std::vector<double> scale;  ///< |bias| plus the sum of |weight * input| of each output
};

/// Multiply-adds of the plain loop.
int64_t reference_work(const LayerView& layer, const Shape& shape);

/// @param on_part  told how many multiply-adds are done, again and again
Expected run_reference(const LayerView& layer, const Shape& shape, const std::vector<float>& x,
                       const std::function<void(int64_t)>& on_part);

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
