// Networks made by hand: tensors, layers with random weights, and nodes that join them.
#pragma once

#include <deque>
#include <vector>

#include "../random_layer.h"
#include "ubp/graph.h"
#include "ubp/packed_file.h"

namespace ubp {

// Numbers of tensors stand for them. T: of weights and tensors, float or Half.
template <class T>
class GraphBuilder {
public:
    // All layers sum in fp32.
    explicit GraphBuilder(bool wide_sums = false) : wide_sums_(wide_sums) {}

    uint32_t add_input(uint32_t channels, uint32_t height, uint32_t width, uint32_t batch) {
        graph.input_count = 1;
        return add_tensor({4, batch, channels, height, width, DType::fp32, 0});
    }

    uint32_t add(Op op, std::vector<uint32_t> operands, GraphTensor result, Activation activation = Activation::none,
                 GraphWindow window = {}) {
        GraphNode node;
        node.name = "node";
        node.op = op;
        node.operand_begin = uint32_t(graph.operands.size());
        node.operand_count = uint32_t(operands.size());
        node.activation = activation;
        node.window = window;
        node.layer = uint32_t(layers.size()) - 1;  // of Op::layer: the last that was made
        graph.operands.insert(graph.operands.end(), operands.begin(), operands.end());
        graph.nodes.push_back(node);
        return add_tensor(result);
    }

    // The result is shaped like the operand, in the builder's type.
    uint32_t add_alike(Op op, std::vector<uint32_t> operands, Activation activation = Activation::none) {
        GraphTensor result = graph.tensors[operands[0]];
        result.dtype = dtype_of<T>;
        return add(op, operands, result, activation);
    }

    // A convolution (block_size 0: dense) whose image keeps its size. groups: 1, or as many as channels.
    uint32_t add_layer(uint32_t from, uint32_t rows, uint32_t kernel, uint32_t block_size, uint32_t groups,
                       Activation activation, std::vector<uint32_t> addends = {}) {
        const GraphTensor in = graph.tensors[from];
        const uint32_t channels = in.channels / groups;
        RandomLayerOptions options{rows, channels * kernel * kernel, block_size, 0.5, false, uint32_t(layers.size())};
        owned_.push_back({random_layer(options), {}});
        RandomLayer& made = owned_.back().layer;
        for (float& weight : made.weights) weight *= 2.0f / float(kernel * kernel * channels);
        owned_.back().weights.assign(made.weights.begin(), made.weights.end());
        LayerView& view = made.view;
        view.in_channels = channels, view.groups = groups;
        view.kernel_h = view.kernel_w = kernel, view.pad_h = view.pad_w = kernel / 2;
        view.activation = activation;
        view.weights = owned_.back().weights.data(), view.dtype = dtype_of<T>, view.wide_sums = wide_sums_;
        FileLayer layer{};
        layer.view = view, layer.name = "layer";
        layers.push_back(layer);
        GraphTensor result = in;
        result.channels = rows;
        addends.insert(addends.begin(), from);
        return add(Op::layer, addends, result);
    }

    void add_output(uint32_t tensor) {
        graph.operands.push_back(tensor);
        ++graph.output_count;
    }

    Graph graph;
    std::vector<FileLayer> layers;

private:
    struct Owned {
        RandomLayer layer;
        std::vector<T> weights;
    };

    uint32_t add_tensor(GraphTensor tensor) {
        tensor.offset = graph.arena_size;
        graph.arena_size += tensor.bytes();
        graph.tensors.push_back(tensor);
        return uint32_t(graph.tensors.size()) - 1;
    }

    bool wide_sums_;
    std::deque<Owned> owned_;
};

}  // namespace ubp
