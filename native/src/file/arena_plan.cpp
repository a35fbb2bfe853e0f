#include "file/arena_plan.h"

#include <algorithm>

#include "file/graph_shapes.h"
#include "file/refuse.h"

namespace ubp::file {
namespace {

/// [tensors] the last node that uses each, from 1; the number of nodes + 1 for an output of the network, 0 for none.
std::vector<uint32_t> last_uses(const Graph& graph) {
    std::vector<uint32_t> last(graph.tensors.size(), 0);
    for (uint32_t index = 0; index < graph.nodes.size(); ++index) {
        const GraphNode& node = graph.nodes[index];
        for (uint32_t i = 0; i < node.operand_count; ++i) last[graph.operands[node.operand_begin + i]] = index + 1;
    }
    for (size_t i = graph.operands.size() - graph.output_count; i < graph.operands.size(); ++i)
        last[graph.operands[i]] = uint32_t(graph.nodes.size()) + 1;
    return last;
}

/// Whether the op may write its result over this operand.
bool may_replace(const Graph& graph, const GraphNode& node, uint32_t number) {
    switch (node.op) {
        case Op::layer:
            return number == 1 && graph.operands[node.operand_begin] != graph.operands[node.operand_begin + 1];
        case Op::add:
        case Op::multiply: return shape_of(graph.operand(node, number)) == shape_of(graph.operand(node, 0));
        case Op::activation:
        case Op::flatten:
        case Op::softmax: return true;
        default: return false;
    }
}

/// Whether the tensor that the node makes may stand on tensor `other`: an operand that allows it, at its last use.
bool replaces(const Graph& graph, uint32_t index, uint32_t other, uint32_t last) {
    const GraphTensor &made = graph.result(index), &old = graph.tensors[other];
    const bool same = made.offset == old.offset && made.elements() == old.elements() && made.dtype == old.dtype;
    if (!same || last != index + 1) return false;
    const GraphNode& node = graph.nodes[index];
    for (uint32_t i = 0; i < node.operand_count; ++i)
        if (graph.operands[node.operand_begin + i] == other && may_replace(graph, node, i)) return true;
    return false;
}

}  // namespace

bool check_uses(const Graph& graph, uint32_t layer_count, FileError& error) {
    std::vector<bool> applied(layer_count);
    for (const GraphNode& node : graph.nodes)
        if (node.op == Op::layer) applied[node.layer] = true;
    for (uint32_t index = 0; index < layer_count; ++index)
        if (!applied[index]) return refuse(error, "layers[%u].name: no node applies the layer", index);
    const std::vector<uint32_t> last = last_uses(graph);
    for (uint32_t index = 0; index < last.size(); ++index)
        if (last[index] == 0) return refuse(error, "tensors[%u].rank: nothing uses the tensor", index);
    return true;
}

bool check_arena(const Graph& graph, FileError& error) {
    const std::vector<uint32_t> last = last_uses(graph);
    const uint32_t inputs = graph.input_count;
    uint64_t end = 0;
    for (uint32_t made = 0; made < graph.tensors.size(); ++made) {
        const GraphTensor& tensor = graph.tensors[made];
        end = std::max(end, tensor.offset + tensor.bytes());
        for (uint32_t other = 0; other < made; ++other) {
            const bool living = made < inputs || last[other] > made - inputs;
            if (!living || !tensor.overlaps(graph.tensors[other])) continue;
            if (made < inputs || !replaces(graph, made - inputs, other, last[other]))
                return refuse(error, "tensors[%u].offset: the tensor overlaps tensor %u, which is still needed", made,
                              other);
        }
    }
    return graph.arena_size == end ||
           refuse(error, "graph.arena_size: is not %llu", static_cast<unsigned long long>(end));
}

}  // namespace ubp::file
