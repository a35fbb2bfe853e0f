#include "reference.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ubp::bench {
Expected run_reference(const LayerView& layer, const Shape& shape, const std::vector<float>& x, const OnPart& on_part) {
    Expected out;
    const size_t count = size_t(shape.batch * layer.rows * shape.out_plane());
    out.y.resize(count);
    out.scale.resize(count);
    // In fp16 every sum on the way may round the bias that is in it, up or down by chance.
    const double roundings = layer.dtype == DType::fp16 ? std::sqrt(1.0 + layer.columns) : 1.0;
    for (size_t i = 0; i < count; ++i) {
        const float bias = layer.bias[i / size_t(shape.out_plane()) % layer.rows];
        out.y[i] = bias;
        out.scale[i] = std::fabs(bias) * roundings;
    }
    PlainLoop loop(layer, shape, on_part);
    for_each_weight(layer, [&](uint32_t row, uint32_t column, size_t place) {
        const double weight = layer.weight(place);
        loop.add_weight(row, column, [&](size_t to, size_t from) {
            const double product = weight * double(x[from]);
            out.y[to] += product;
            out.scale[to] += std::fabs(product);
        });
    });
    for (double& value : out.y) value = activate(value, layer.activation);
    return out;
}

double largest_error(const Expected& expected, const std::vector<float>& y) {
    double worst = 0;
    for (size_t i = 0; i < y.size(); ++i) {
        if (!std::isfinite(y[i])) return std::numeric_limits<double>::infinity();
        const double error = std::fabs(double(y[i]) - expected.y[i]);
        // Outputs without any input are the bias, exactly: then the scale may be 0, and so must be the error.
        if (error > 0) worst = std::max(worst, error / std::max(expected.scale[i], std::numeric_limits<double>::min()));
    }
    return worst;
}

}  // namespace ubp::bench
