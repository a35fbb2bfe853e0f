// The graph of a network in a packed file: tensors in one arena, nodes in the order in which they run. What the numbers
// mean is said in docs/format.md. Owns copies of the records; what the reader gives out is sound.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ubp/layer.h"

namespace ubp {

enum class Op : uint32_t {
    layer = 1,
    add = 2,
    multiply = 3,
    activation = 4,
    max_pool = 5,
    average_pool = 6,
    flatten = 7,
    concat = 8,
    softmax = 9,
    convert = 10  ///< the same numbers in another dtype
};

/// Shape, type and place of one array, planar.
struct GraphTensor {
    uint32_t rank = 4;  ///< 4: an image; 2: vectors, with height and width 1
    uint32_t batch = 1, channels = 1, height = 1, width = 1;
    DType dtype = DType::fp32;
    uint64_t offset = 0;     ///< bytes from the begin of the arena, a multiple of 64
    float scale = 0;         ///< of int8: byte q means scale * (q - zero_point)
    int32_t zero_point = 0;  ///< 0 to 255

    uint64_t plane() const { return uint64_t{height} * width; }
    uint64_t elements() const { return uint64_t{batch} * channels * plane(); }
    /// That it takes in the arena: a multiple of 64.
    uint64_t bytes() const { return (element_bytes(dtype) * elements() + 63) / 64 * 64; }
    bool overlaps(const GraphTensor& other) const {
        return offset < other.offset + other.bytes() && other.offset < offset + bytes();
    }
};

/// The window of a pooling node; zeros in all others.
struct GraphWindow {
    uint32_t kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, extra_h, extra_w;
};

/// One operation. It makes exactly one tensor.
struct GraphNode {
    std::string_view name;  ///< place in the model, not always unique
    Op op = Op::layer;
    uint32_t operand_begin = 0, operand_count = 0;
    uint32_t layer = 0;                        ///< of Op::layer: its number in the file
    Activation activation = Activation::none;  ///< of add, multiply, activation; a layer has its own
    bool counts_padding = false;               ///< of average_pool
    GraphWindow window{};
    /// [256] of int8, where the activation is no clamp: the result for each byte before the activation. Else null.
    const uint8_t* table = nullptr;
    float before_scale = 0;         ///< of layer, add, multiply with a table: what the bytes before it mean
    int32_t before_zero_point = 0;  ///< likewise
};

struct Graph {
    uint32_t input_count = 0, output_count = 0;
    uint64_t arena_size = 0;           ///< bytes
    std::vector<GraphTensor> tensors;  ///< the network's inputs, then what each node makes
    std::vector<GraphNode> nodes;
    std::vector<uint32_t> operands;  ///< of node 0, of node 1, ...; then the network's outputs

    /// The tensor that is operand `number` of a node.
    const GraphTensor& operand(const GraphNode& node, uint32_t number) const {
        return tensors[operands[node.operand_begin + number]];
    }
    /// What a node makes, and the network's output `number`.
    const GraphTensor& result(size_t node) const { return tensors[input_count + node]; }
    const GraphTensor& output(uint32_t number) const {
        return tensors[operands[operands.size() - output_count + number]];
    }
};

}  // namespace ubp
