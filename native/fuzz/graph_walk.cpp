#include "graph_walk.h"

namespace ubp::fuzz {
namespace {

/// Which tensors hold what was written to them: a write spoils everything that shares a byte with its result.
struct Memory {
    const Graph& graph;
    std::vector<bool> holds;

    bool write(size_t made) {
        const GraphTensor& tensor = graph.tensors[made];
        const uint64_t end = tensor.offset + tensor.bytes();
        if (tensor.offset % 64 != 0 || end < tensor.offset || end > graph.arena_size) return false;
        for (size_t other = 0; other < holds.size(); ++other) {
            const GraphTensor& old = graph.tensors[other];
            if (old.offset < end && tensor.offset < old.offset + old.bytes()) holds[other] = false;
        }
        holds[made] = true;
        return true;
    }
};

/// Only an operand that is read element by element, before each is written, may lie where the result does.
bool may_share(const GraphNode& node, uint32_t number) {
    if (node.op == Op::layer) return number == 1;
    return node.op == Op::add || node.op == Op::multiply || node.op == Op::activation || node.op == Op::flatten ||
           node.op == Op::softmax;
}

const char* walk_node(const Graph& graph, const GraphNode& node, const GraphTensor& result, Memory& memory) {
    if (node.operand_count == 0) return "a node without operands";
    for (uint32_t i = 0; i < node.operand_count; ++i) {
        const uint32_t number = graph.operands[node.operand_begin + i];
        if (number >= memory.holds.size() || !memory.holds[number])
            return "an operand that was overwritten or not made";
        const GraphTensor& operand = graph.tensors[number];
        if (!operand.overlaps(result)) continue;
        if (!may_share(node, i) || operand.offset != result.offset || operand.elements() != result.elements())
            return "a result on an operand that does not allow it";
    }
    return "";
}

}  // namespace

const char* walk_graph(const Graph& graph, size_t layer_count) {
    if (graph.tensors.size() != graph.input_count + graph.nodes.size()) return "a node without a tensor";
    Memory memory{graph, std::vector<bool>(graph.tensors.size())};
    for (size_t i = 0; i < graph.input_count; ++i)
        if (!memory.write(i)) return "an input outside of the arena";
    for (size_t i = 0; i < graph.input_count; ++i)
        if (!memory.holds[i]) return "inputs that overlap";
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        const GraphNode& node = graph.nodes[i];
        if (node.name.empty() || (node.op == Op::layer && node.layer >= layer_count))
            return "a node without name or layer";
        const char* wrong = walk_node(graph, node, graph.result(i), memory);
        if (wrong[0] != '\0') return wrong;
        if (!memory.write(graph.input_count + i)) return "a result outside of the arena";
    }
    for (size_t i = graph.operands.size() - graph.output_count; i < graph.operands.size(); ++i)
        if (!memory.holds[graph.operands[i]]) return "an output that was overwritten";
    return "";
}

}  // namespace ubp::fuzz
