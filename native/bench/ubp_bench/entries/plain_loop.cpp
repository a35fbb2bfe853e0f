#include "plain_loop.h"

#include <algorithm>
#include <cmath>

namespace ubp::bench {

int64_t kept_weights(const LayerView& layer) {
    if (layer.block_size == 0) return int64_t{layer.rows} * layer.columns;
    int64_t kept = 0;
    for_each_weight(layer, [&](uint32_t, uint32_t, size_t) { ++kept; });
    return kept;
}

double activate(double x, Activation activation) {
    const double hard = std::clamp(x + 3.0, 0.0, 6.0) / 6.0;
    switch (activation) {
        case Activation::relu: return std::max(x, 0.0);
        case Activation::relu6: return std::clamp(x, 0.0, 6.0);
        case Activation::hard_swish: return x * hard;
        case Activation::hard_sigmoid: return hard;
        case Activation::silu: return x / (1.0 + std::exp(-x));
        case Activation::sigmoid: return 1.0 / (1.0 + std::exp(-x));
        default: return x;
    }
}

}  // namespace ubp::bench
