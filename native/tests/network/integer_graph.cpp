#include "integer_graph.h"

#include <cmath>
#include <numeric>

#include "packing/geometry.h"

namespace ubp {
namespace {

// The weights of groups' places that have no column are 0.
void clear_filling(RandomIntegers& layer) {
    IntegerLayer& view = layer.view;
    const uint32_t wide = view.block_columns;
    for (size_t i = 0; wide > 1 && i < layer.weights.size(); ++i) {
        const size_t block = i / (size_t{view.block_size} * wide);
        if (view.block_column[block] * wide + i % wide >= view.columns) layer.weights[i] = 0;
    }
}

std::vector<int8_t> in_blocks_of_rows(const RandomIntegers& layer) {
    const size_t rows = layer.view.rows, columns = layer.view.columns;
    std::vector<int8_t> made((rows + 7) / 8 * 8 * columns);
    for (size_t i = 0; i < rows * columns; ++i)
        made[(i / columns / 8 * columns + i % columns) * 8 + i / columns % 8] = layer.weights[i];
    return made;
}

}  // namespace

uint32_t IntegerGraph::add_integer_layer(uint32_t from, const IntegerLayerShape& shape) {
    const GraphTensor in = graph.tensors[from];
    const uint32_t channels = in.channels / shape.groups, columns = channels * shape.kernel * shape.kernel;
    const uint32_t salt = uint32_t(layers.size()) + seed;
    IntegerOptions of;
    of.block_columns = shape.block_columns;
    arrays_.push_back(
        {random_integers({shape.rows, columns, shape.block_size, 0.5, shape.aligned, salt}, of), {}, {}, {}});
    Arrays& arrays = arrays_.back();
    clear_filling(arrays.made);
    const float scale = 0.011f / std::sqrt(float(columns) * (shape.block_size ? 0.5f : 1.0f));
    for (const float value : arrays.made.factors) arrays.scales.push_back(scale * 4096.0f * value);
    LayerView view = arrays.made.blocks.view;
    view.rows = shape.rows, view.columns = columns, view.block_columns = shape.block_columns;
    view.in_channels = channels, view.groups = shape.groups;
    view.kernel_h = view.kernel_w = shape.kernel, view.pad_h = view.pad_w = shape.kernel / 2;
    view.stride_h = view.stride_w = shape.stride;
    view.activation = shape.activation, view.dtype = DType::int8;
    view.weights = arrays.made.weights.data(), view.bias = nullptr;
    view.integer_bias = arrays.made.bias.data(), view.scales = arrays.scales.data();
    if (shape.block_size == 0 && shape.groups == 1) {
        arrays.blocked = in_blocks_of_rows(arrays.made);
        view.weights = arrays.blocked.data(), view.blocked = true;
    }
    if (shape.block_columns > 1) {
        arrays.order.resize(columns);
        std::iota(arrays.order.begin(), arrays.order.end(), uint16_t(0));
        std::shuffle(arrays.order.begin(), arrays.order.end(), random_);
        view.column_order = arrays.order.data();
    }
    FileLayer layer{};
    layer.view = view, layer.name = "layer";
    layers.push_back(layer);
    const Geometry g = geometry_of(view, in.batch, in.height, in.width);
    GraphTensor result = tensor_of(shape.rows, uint32_t(g.out_h), uint32_t(g.out_w), in.batch);
    if (shape.floats) result.dtype = DType::fp32, result.scale = 0, result.zero_point = 0;
    std::vector<uint32_t> operands = shape.addends;
    operands.insert(operands.begin(), from);
    if (shape.table) return add_with_table(Op::layer, operands, result, Activation::none);
    return add(Op::layer, operands, result);
}

uint32_t IntegerGraph::add_with_table(Op op, std::vector<uint32_t> operands, GraphTensor result,
                                      Activation activation) {
    const uint32_t made = add(op, std::move(operands), result, activation);
    tables_.push_back(shuffled_table());
    GraphNode& node = graph.nodes.back();
    node.table = tables_.back().data();
    if (op == Op::activation) return made;
    const GraphTensor before = alike(made);
    node.before_scale = before.scale, node.before_zero_point = before.zero_point;
    return made;
}

}  // namespace ubp
