// Activations as the operators apply them: a clamp inside a kernel, or one of the curves in a pass over what is
// finished.
#pragma once

#include <limits>

#include "kernels/planar/planar.h"
#include "ubp/layer.h"

namespace ubp {

// exact: the clamp is all of the activation; otherwise a curve follows.
struct Clamp {
    bool used = false;
    float low = 0, high = 0;
    bool exact = true;
};

inline Clamp clamp_of(Activation activation) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    if (activation == Activation::relu) return {true, 0.0f, infinity, true};
    if (activation == Activation::relu6) return {true, 0.0f, 6.0f, true};
    return {false, -infinity, infinity, activation == Activation::none};
}

// The pass of an activation that is no clamp.
template <class T>
PassFunction<T> curve_of(const PlanarKernels<T>& kernels, Activation activation) {
    return kernels.curves[uint32_t(activation) - uint32_t(Activation::hard_swish)];
}

}  // namespace ubp
