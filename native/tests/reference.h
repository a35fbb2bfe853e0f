// The plain convolution that the operators are compared with: nested loops, double accumulators.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "packing/geometry.h"
#include "ubp/layer.h"

namespace ubp {

// The layer's weights as [R][K], zeros where nothing is kept.
inline std::vector<float> dense_weights(const LayerView& layer) {
    std::vector<float> weights(size_t{layer.rows} * layer.columns);
    if (layer.is_dense()) {
        for (size_t i = 0; i < weights.size(); ++i)
            weights[i] = layer.weight(layer.dense_index(i / layer.columns, i % layer.columns));
        return weights;
    }
    const uint32_t n = layer.block_size;
    for (uint32_t r = 0; r < layer.start_rows(); ++r) {
        for (uint32_t b = layer.row_begin[r]; b < layer.row_begin[r + 1]; ++b) {
            for (uint32_t i = r; i < r + n; ++i) {
                weights[size_t{i} * layer.columns + layer.block_column[b]] = layer.weight(size_t{b} * n + i % n);
            }
        }
    }
    return weights;
}

/// While it is true, inputs of tests hold NaN and infinities among their numbers.
inline bool spoiled = false;

inline std::vector<float> spoiled_or_not(std::vector<float> values) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const float odd[] = {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity};
    for (size_t i = 2; spoiled && i < values.size(); i += 11) values[i] = odd[i % 3];
    return values;
}

/// The next whole number on the other side than 0, so that no weight becomes 0: a reference leaves those out.
inline float away_from_zero(float value) { return std::copysign(std::ceil(std::fabs(value)), value); }

/// The same number, the same infinity, or both no number.
inline bool is_same(double mine, double wanted) { return mine == wanted || (std::isnan(mine) && std::isnan(wanted)); }

inline double activated(double v, Activation activation) {
    if (activation == Activation::relu) return std::max(v, 0.0);
    if (activation == Activation::relu6) return std::min(std::max(v, 0.0), 6.0);
    const double hard = std::min(std::max(v + 3.0, 0.0), 6.0) / 6.0, sigmoid = 1.0 / (1.0 + std::exp(-v));
    if (activation == Activation::hard_swish) return v * hard;
    if (activation == Activation::hard_sigmoid) return hard;
    if (activation == Activation::silu) return v * sigmoid;
    if (activation == Activation::sigmoid) return sigmoid;
    return v;
}

struct Reference {
    std::vector<double> y;      // [batch][R][out_h][out_w]
    std::vector<double> scale;  // sum of |a * b| + |bias| of each output: what its rounding error is measured by
};

inline Reference reference_convolution(const LayerView& layer, const Geometry& g, const float* x) {
    const std::vector<float> weights = dense_weights(layer);
    Reference result;
    for (int64_t image = 0; image < g.batch; ++image) {
        for (int64_t r = 0; r < layer.rows; ++r) {
            for (int64_t out = 0; out < g.out_plane(); ++out) {
                double sum = layer.bias[r], scale = std::fabs(layer.bias[r]);
                for (int64_t k = 0; k < layer.columns; ++k) {
                    const double weight = weights[size_t(r * layer.columns + k)];
                    const int64_t c = k / g.taps(), tap = k % g.taps();
                    const int64_t row = out / g.out_w * g.stride_h - g.pad_h + tap / g.kernel_w * g.dilation_h;
                    const int64_t column = out % g.out_w * g.stride_w - g.pad_w + tap % g.kernel_w * g.dilation_w;
                    if (weight == 0 || row < 0 || row >= g.height || column < 0 || column >= g.width) continue;
                    const double product = weight * x[((image * g.channels + c) * g.height + row) * g.width + column];
                    sum += product;
                    scale += std::fabs(product);
                }
                result.y.push_back(activated(sum, layer.activation));
                result.scale.push_back(scale);
            }
        }
    }
    return result;
}

}  // namespace ubp
