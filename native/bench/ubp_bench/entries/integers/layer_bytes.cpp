#include "layer_bytes.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "../../options.h"
#include "../plain_loop.h"

namespace ubp::bench {
namespace {

constexpr double kLargestByte = 255;
// How far a sum is expected from its bias: four standard deviations of random inputs, which are as likely anywhere.
const double kSpread = 4 * 128 / std::sqrt(3.0);
constexpr double kLargestInput = 128;

struct Range {
    double low = 0, high = 0;

    void add(double number) { low = std::min(low, number), high = std::max(high, number); }
};

struct Meaning {
    float scale;
    int32_t zero_point;
};

Meaning meaning_of(const Range& range, float fallback) {
    if (range.low == range.high) return {fallback, 0};
    const float scale = float((range.high - range.low) / kLargestByte);
    return {scale, int32_t(std::clamp(std::nearbyint(-range.low / double(scale)), 0.0, kLargestByte))};
}

/// Of what the layer makes before its activation.
Range range_of(const LayerView& layer) {
    std::vector<int64_t> sums(layer.rows), squares(layer.rows);
    for_each_weight(layer, [&](uint32_t row, uint32_t, size_t place) {
        const int64_t weight = layer.weights_as<int8_t>()[place];
        sums[row] += std::abs(weight), squares[row] += weight * weight;
    });
    Range range;
    for (uint32_t row = 0; row < layer.rows; ++row) {
        const double reach = std::min(kSpread * std::sqrt(double(squares[row])), kLargestInput * double(sums[row]));
        const double unit = double(kInputScale) * double(layer.scales[row]), bias = layer.integer_bias[row];
        range.add((bias - reach) * unit), range.add((bias + reach) * unit);
    }
    return range;
}

}  // namespace

LayerBytes::LayerBytes(const LayerView& layer) {
    const float largest = *std::max_element(layer.scales, layer.scales + layer.rows);
    const Activation activation = layer.activation;
    Range range = range_of(layer);
    tabled = activation > Activation::relu6;
    if (!tabled) range = {activate(range.low, activation), activate(range.high, activation)};
    const Meaning made = meaning_of(range, kInputScale * largest);
    scale = made.scale, zero_point = made.zero_point;
    for (uint32_t row = 0; row < layer.rows; ++row)
        if (!std::isnormal(float(double(kInputScale) * double(layer.scales[row]) / double(scale))))
            throw BadInput("scale " + std::to_string(row) + " lies too far from the others");
    if (!tabled) return;
    std::array<double, 256> numbers;
    Range behind;
    for (int q = 0; q < 256; ++q) {
        numbers[size_t(q)] = activate(double(scale) * (q - zero_point), activation);
        behind.add(numbers[size_t(q)]);
    }
    const Meaning result = meaning_of(behind, scale);
    for (size_t q = 0; q < 256; ++q) {
        const double steps = std::nearbyint(numbers[q] / double(result.scale)) + result.zero_point;
        table[q] = uint8_t(std::clamp(steps, 0.0, kLargestByte));
    }
}

IntegerTensors LayerBytes::tensors() const {
    IntegerTensors tensors;
    tensors.x_scale = kInputScale, tensors.x_zero_point = kInputZeroPoint;
    tensors.y_scale = scale, tensors.y_zero_point = zero_point;
    tensors.table = tabled ? table.data() : nullptr;
    return tensors;
}

std::vector<uint8_t> input_bytes(const std::vector<float>& x) {
    std::vector<uint8_t> bytes;
    bytes.reserve(x.size());
    for (float number : x) {
        const double steps = std::nearbyint(double(number) / double(kInputScale)) + kInputZeroPoint;
        bytes.push_back(uint8_t(std::clamp(steps, 0.0, kLargestByte)));
    }
    return bytes;
}

}  // namespace ubp::bench
