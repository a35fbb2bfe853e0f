// int8 layers with random weights in random blocks, for tests and benchmarks.
#pragma once

#include "operator/integers/prepared_integers.h"
#include "../random_layer.h"

namespace ubp {

// Owns the arrays an IntegerLayer points into.
struct RandomIntegers {
    IntegerLayer view;
    RandomLayer blocks;
    std::vector<int8_t> weights;
    std::vector<int32_t> bias;
    std::vector<float> factors;
};

struct IntegerOptions {
    uint32_t block_columns = 1;
    int most_weight = 127, most_bias = 5000;
    float factor = 1.0f / 4096, factor_spread = 0.5f;  // of a row: the first, times 1 to 1 + 2 * the second
};

inline std::vector<int32_t> random_whole(std::mt19937& random, size_t count, int most) {
    std::uniform_int_distribution<int32_t> uniform(-most, most);
    std::vector<int32_t> values(count);
    for (int32_t& value : values) value = uniform(random);
    return values;
}

// `o`: rows and columns of the layer; where these are grouped, its blocks are those of as many columns as groups.
inline RandomIntegers random_integers(const RandomLayerOptions& o, const IntegerOptions& of) {
    RandomLayerOptions shape = o;
    if (of.block_columns > 1) shape.columns = (o.columns + of.block_columns - 1) / of.block_columns;
    RandomIntegers layer;
    layer.blocks = random_layer(shape);
    std::mt19937 random(o.seed + 17);
    const LayerView& from = layer.blocks.view;
    const size_t blocks = size_t{from.block_count} * o.block_size * of.block_columns;
    const auto weights = random_whole(random, from.is_dense() ? from.dense_count() : blocks, of.most_weight);
    layer.weights.assign(weights.begin(), weights.end());
    layer.bias = random_whole(random, o.rows, of.most_bias);
    for (float value : random_floats(random, o.rows))
        layer.factors.push_back(of.factor * (1.0f + of.factor_spread * (1.0f + value)));
    layer.view = {o.rows,         o.columns,         o.block_size,         of.block_columns,  from.block_count,
                  from.row_begin, from.block_column, layer.weights.data(), layer.bias.data(), layer.factors.data()};
    return layer;
}

}  // namespace ubp
