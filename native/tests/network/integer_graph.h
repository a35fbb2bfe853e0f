// Networks of int8 made by hand, and what each of their nodes makes in plain whole numbers: docs/format.md, "Integers".
#pragma once

#include <array>
#include <deque>
#include <vector>

#include "../integers/byte_helpers.h"
#include "graph_builder.h"

namespace ubp {

struct IntegerLayerShape {
    uint32_t rows = 8, kernel = 1, stride = 1, groups = 1;
    uint32_t block_size = 0, block_columns = 1;
    bool aligned = false;
    Activation activation = Activation::none;
    bool table = false, floats = false;
    std::vector<uint32_t> addends;
};

// Tensors get scales and zero points of their own.
class IntegerGraph : public GraphBuilder<float> {
public:
    explicit IntegerGraph(uint32_t salt) : random_(seed + salt) {}

    GraphTensor tensor_of(uint32_t channels, uint32_t height, uint32_t width, uint32_t batch) {
        GraphTensor made{4, batch, channels, height, width, DType::int8, 0};
        made.scale = 0.01f + 0.03f * float(random_() % 1000) / 1000.0f;
        made.zero_point = int32_t(random_() % 3 == 0 ? 0 : random_() % 256);
        return made;
    }
    GraphTensor alike(uint32_t tensor) {
        const GraphTensor& t = graph.tensors[tensor];
        return tensor_of(t.channels, t.height, t.width, t.batch);
    }

    uint32_t add_integer_layer(uint32_t from, const IntegerLayerShape& shape);
    // A node whose bytes go through a table.
    uint32_t add_with_table(Op op, std::vector<uint32_t> operands, GraphTensor result, Activation activation);

private:
    struct Arrays {
        RandomIntegers made;
        std::vector<float> scales;
        std::vector<uint16_t> order;
        std::vector<int8_t> blocked;
    };
    std::mt19937 random_;
    std::deque<Arrays> arrays_;
    std::deque<ByteTable> tables_;
};

// What a tensor holds: bytes, or numbers where it is fp32.
struct Values {
    Bytes bytes;
    std::vector<float> numbers;
};

// Every tensor of a network whose first one holds `input`; softmax is left out.
std::vector<Values> run_plainly(const Graph& graph, const std::vector<FileLayer>& layers,
                                const std::vector<float>& input);

}  // namespace ubp
