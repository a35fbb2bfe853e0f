// Layers with random weights and random blocks that do not overlap, for tests and benchmarks.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "ubp/layer.h"

namespace ubp {

// Owns the arrays a LayerView points into.
struct RandomLayer {
    LayerView view;
    std::vector<uint32_t> row_begin;
    std::vector<uint16_t> block_column;
    std::vector<float> weights, bias;
};

struct RandomLayerOptions {
    uint32_t rows = 64, columns = 64, block_size = 4;
    double sparsity = 0.75;
    bool aligned = false;
    uint32_t seed = 1;
};

// Start rows of `count` blocks that do not overlap, uniformly among all such choices.
inline std::vector<uint32_t> random_starts(std::mt19937& random, uint32_t rows, uint32_t n, uint32_t count) {
    const uint32_t places = rows - count * (n - 1);
    std::vector<uint32_t> all(places);
    for (uint32_t i = 0; i < places; ++i) all[i] = i;
    std::shuffle(all.begin(), all.end(), random);
    all.resize(count);
    std::sort(all.begin(), all.end());
    for (uint32_t i = 0; i < count; ++i) all[i] += i * (n - 1);
    return all;
}

inline std::vector<float> random_floats(std::mt19937& random, size_t count) {
    std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
    std::vector<float> values(count);
    for (float& value : values) value = uniform(random);
    return values;
}

using BlocksByRow = std::vector<std::vector<uint16_t>>;  // columns of the blocks of each start row

// Random blocks, `budget` of them, spread evenly over the columns.
inline BlocksByRow random_blocks(std::mt19937& random, const RandomLayerOptions& o, uint32_t starts) {
    const uint32_t n = o.block_size, most = o.rows / n;
    const double wanted = (1.0 - o.sparsity) * o.rows * o.columns / n;
    const uint64_t budget = std::min<uint64_t>(uint64_t(std::llround(wanted)), uint64_t{most} * o.columns);
    std::vector<uint32_t> per_column(o.columns, uint32_t(budget / o.columns));
    for (uint64_t i = 0; i < budget % o.columns; ++i) ++per_column[i];
    std::shuffle(per_column.begin(), per_column.end(), random);
    BlocksByRow blocks(starts);
    for (uint32_t k = 0; k < o.columns; ++k) {
        const uint32_t size = o.aligned ? 1 : n;
        for (uint32_t start : random_starts(random, o.aligned ? most : o.rows, size, per_column[k])) {
            blocks[o.aligned ? start * n : start].push_back(uint16_t(k));
        }
    }
    return blocks;
}

// A 1x1 convolution with random weights in the given blocks (block_size 0: dense); set the geometry of `view` for
// another kernel.
inline RandomLayer layer_of_blocks(std::mt19937& random, const RandomLayerOptions& o, const BlocksByRow& blocks) {
    RandomLayer layer;
    layer.bias = random_floats(random, o.rows);
    LayerView& v = layer.view;
    v.rows = o.rows;
    v.columns = v.in_channels = o.columns;
    v.block_size = o.block_size;
    layer.row_begin.push_back(0);
    for (const auto& row : blocks) {
        layer.block_column.insert(layer.block_column.end(), row.begin(), row.end());
        layer.row_begin.push_back(uint32_t(layer.block_column.size()));
    }
    v.block_count = uint32_t(layer.block_column.size());
    layer.block_column.insert(layer.block_column.end(), 2, uint16_t{0});
    const size_t dense = size_t{o.rows} * o.columns;
    layer.weights = random_floats(random, o.block_size == 0 ? dense : size_t{v.block_count} * o.block_size);
    if (o.block_size != 0) {
        v.row_begin = layer.row_begin.data();
        v.block_column = layer.block_column.data();
    }
    v.weights = layer.weights.data();
    v.bias = layer.bias.data();
    return layer;
}

inline RandomLayer random_layer(const RandomLayerOptions& o) {
    std::mt19937 random(o.seed);
    const uint32_t starts = o.block_size == 0 || o.rows < o.block_size ? 0 : o.rows - o.block_size + 1;
    return layer_of_blocks(random, o, starts == 0 ? BlocksByRow{} : random_blocks(random, o, starts));
}

}  // namespace ubp
