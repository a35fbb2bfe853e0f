// Activations as the kernels apply them: a clamp inside, or (hard-swish) one pass over the finished tile.
#pragma once

#include <limits>

#include "ubp/layer.h"

namespace ubp {

struct Clamp {
    bool used;
    float low, high;
};

inline Clamp clamp_of(Activation activation) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    if (activation == Activation::relu) return {true, 0.0f, infinity};
    if (activation == Activation::relu6) return {true, 0.0f, 6.0f};
    return {false, -infinity, infinity};
}

// v * min(max(v + 3, 0), 6) / 6 for `count` floats in place.
void apply_hard_swish(float* values, int count);

}  // namespace ubp
