#include "integer_reference.h"

#include <algorithm>
#include <cmath>

namespace ubp::bench {
namespace {

/// A number in steps as a byte.
uint8_t byte_of(float steps, int32_t zero_point, double low, double high) {
    return uint8_t(std::clamp(double(std::nearbyint(steps)) + zero_point, low, high));
}

}  // namespace

std::vector<uint8_t> run_integer_reference(const LayerView& layer, const Shape& shape, const LayerBytes& bytes,
                                           const std::vector<uint8_t>& x, const OnPart& on_part) {
    const size_t plane = size_t(shape.out_plane()), count = size_t(shape.batch) * layer.rows * plane;
    std::vector<int32_t> sums(count);  // no input makes one overflow: readers check it
    for (size_t i = 0; i < count; ++i) sums[i] = layer.integer_bias[i / plane % layer.rows];
    PlainLoop loop(layer, shape, on_part);
    for_each_weight(layer, [&](uint32_t row, uint32_t column, size_t place) {
        const int32_t weight = layer.weights_as<int8_t>()[place];
        loop.add_weight(row, column,
                        [&](size_t to, size_t from) { sums[to] += weight * (int32_t{x[from]} - kInputZeroPoint); });
    });
    double low = 0, high = 255;
    if (layer.activation == Activation::relu || layer.activation == Activation::relu6) low = bytes.zero_point;
    if (layer.activation == Activation::relu6)
        high = byte_of(6.0f * float(1.0 / double(bytes.scale)), bytes.zero_point, 0, 255);
    std::vector<uint8_t> y(count);
    for (size_t i = 0; i < count; ++i) {
        const double row = double(layer.scales[i / plane % layer.rows]);
        const float factor = float(double(kInputScale) * row / double(bytes.scale));
        y[i] = byte_of(float(sums[i]) * factor, bytes.zero_point, low, high);
        if (bytes.tabled) y[i] = bytes.table[y[i]];
    }
    return y;
}

}  // namespace ubp::bench
