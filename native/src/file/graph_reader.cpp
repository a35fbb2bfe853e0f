#include "file/graph_reader.h"

#include <cstdio>

#include "file/arena_plan.h"
#include "file/graph_integers.h"
#include "file/graph_shapes.h"
#include "file/refuse.h"

namespace ubp::file {
namespace {

using ull = unsigned long long;

bool check_range(uint64_t value, uint64_t least, uint64_t most, const char* field, FileError& error) {
    return (value >= least && value <= most) ||
           refuse(error, "%s: %llu is outside %llu..%llu", field, ull(value), ull(least), ull(most));
}

/// Reads in the order of docs/format.md: record, tensors, nodes with their operands, outputs.
class GraphReader {
public:
    GraphReader(Bytes bytes, uint32_t first, const std::vector<FileLayer>& layers, TextReader& texts, Graph& graph,
                FileError& error)
        : bytes_(bytes),
          first_(first),
          layers_(layers),
          texts_(texts),
          graph_(graph),
          error_(error),
          applied_(layers.size()) {}

    bool read() {
        if (!read_record() || !read_tensors()) return false;
        const Section operands = section_at(bytes_, first_ + 3), nodes = section_at(bytes_, first_ + 2);
        graph_.operands.resize(head_.operand_count);  // the sections have these sizes
        std::memcpy(graph_.operands.data(), bytes_.data + operands.offset, operands.size);
        const Section tables = section_at(bytes_, first_ + 4);
        TableReader table_reader(bytes_.data + tables.offset, tables.size, first_ + 4);
        graph_.nodes.resize(head_.node_count);
        for (uint32_t i = 0; i < head_.node_count; ++i) {
            const auto record = load_record<NodeRecord>(bytes_.data + nodes.offset + size_t{i} * sizeof(NodeRecord));
            if (!read_node(record, i) || !check_integer_node(graph_, i, record, layers_, table_reader, error_))
                return false;
        }
        return table_reader.finish(error_) && check_outputs();
    }

private:
    bool read_record() {
        if (section_at(bytes_, first_).size != sizeof(GraphRecord))
            return refuse(error_, "sections[%u].size: is not %zu", first_, sizeof(GraphRecord));
        head_ = load_record<GraphRecord>(bytes_.data + section_at(bytes_, first_).offset);
        if (!check_range(head_.input_count, 1, kMaxPorts, "graph.input_count", error_) ||
            !check_range(head_.output_count, 1, kMaxPorts, "graph.output_count", error_) ||
            !check_range(head_.node_count, 1, kMaxNodes, "graph.node_count", error_) ||
            !check_range(head_.operand_count, 2, kMaxOperands, "graph.operand_count", error_))
            return false;
        if (head_.arena_size % kAlignment != 0 || head_.arena_size > kMaxArena)
            return refuse(error_, "graph.arena_size: %llu can't be an arena's size", ull(head_.arena_size));
        if (head_.reserved != 0) return refuse(error_, "graph.reserved: is not 0");
        graph_.input_count = head_.input_count, graph_.output_count = head_.output_count;
        graph_.arena_size = head_.arena_size;
        return check_size(1, sizeof(TensorRecord) * (uint64_t{head_.input_count} + head_.node_count)) &&
               check_size(2, sizeof(NodeRecord) * uint64_t{head_.node_count}) &&
               check_size(3, sizeof(uint32_t) * uint64_t{head_.operand_count}) &&
               (section_at(bytes_, first_ + 4).size % kTableSize == 0 ||
                refuse(error_, "sections[%u].size: is no multiple of %u", first_ + 4, kTableSize));
    }

    bool check_size(uint32_t number, uint64_t size) {
        return section_at(bytes_, first_ + number).size == size ||
               refuse(error_, "sections[%u].size: is not %llu", first_ + number, ull(size));
    }

    bool read_tensors() {
        const uint64_t offset = section_at(bytes_, first_ + 1).offset;
        graph_.tensors.resize(size_t{head_.input_count} + head_.node_count);  // the section has this size
        for (uint32_t i = 0; i < graph_.tensors.size(); ++i)
            if (!read_tensor(load_record<TensorRecord>(bytes_.data + offset + size_t{i} * sizeof(TensorRecord)), i))
                return false;
        return true;
    }

    bool check_side(uint32_t tensor, const char* label, uint32_t value, uint32_t most) {
        char field[48];
        std::snprintf(field, sizeof field, "tensors[%u].%s", tensor, label);
        return check_range(value, 1, most, field, error_);
    }

    bool read_tensor(const TensorRecord& r, uint32_t i) {
        if (r.rank != 2 && r.rank != 4) return refuse(error_, "tensors[%u].rank: %u is neither 2 nor 4", i, r.rank);
        if (!check_side(i, "batch", r.batch, kMaxStep) || !check_side(i, "channels", r.channels, kMaxChannels) ||
            !check_side(i, "height", r.height, kMaxStep) || !check_side(i, "width", r.width, kMaxStep))
            return false;
        if (r.rank == 2 && (r.height != 1 || r.width != 1))
            return refuse(error_, "tensors[%u].%s: is not 1, as vectors have it", i,
                          r.height != 1 ? "height" : "width");
        GraphTensor& tensor = graph_.tensors[i];
        tensor.rank = r.rank, tensor.batch = r.batch, tensor.channels = r.channels;
        tensor.height = r.height, tensor.width = r.width;
        if (tensor.batch != graph_.tensors[0].batch)
            return refuse(error_, "tensors[%u].batch: is not %u, as tensor 0 has it", i, graph_.tensors[0].batch);
        const uint64_t images = uint64_t{r.batch} * r.channels;  // at most 2^40; times a side at most 2^56
        if (images > kMaxElements || images * r.height > kMaxElements || images * r.height * r.width > kMaxElements)
            return refuse(error_, "tensors[%u].channels: the tensor has more than %u elements", i, kMaxElements);
        if (!read_type(r, i)) return false;
        if (r.offset % kAlignment != 0)
            return refuse(error_, "tensors[%u].offset: is no multiple of %llu", i, ull(kAlignment));
        tensor.offset = r.offset;
        if (tensor.bytes() > head_.arena_size || r.offset > head_.arena_size - tensor.bytes())
            return refuse(error_, "tensors[%u].offset: the tensor reaches beyond the arena", i);
        return true;
    }

    bool read_type(const TensorRecord& r, uint32_t i) {
        if (r.dtype >= kDtypeCount)
            return refuse(error_, "tensors[%u].dtype: %u is no type that this reader knows", i, r.dtype);
        GraphTensor& tensor = graph_.tensors[i];
        tensor.dtype = DType(r.dtype), tensor.scale = r.scale, tensor.zero_point = r.zero_point;
        if (tensor.dtype == DType::int8) {
            char where[32];
            std::snprintf(where, sizeof where, "tensors[%u]", i);
            if (!check_affine(r.scale, r.zero_point, where, "", error_)) return false;
        } else {
            if (!(r.scale == 0.0f)) return refuse(error_, "tensors[%u].scale: is not 0", i);
            if (r.zero_point != 0) return refuse(error_, "tensors[%u].zero_point: is not 0", i);
        }
        return r.reserved == 0 || refuse(error_, "tensors[%u].reserved: is not 0", i);
    }

    bool read_node(const NodeRecord& r, uint32_t i) {
        GraphNode& node = graph_.nodes[i];
        char field[32];
        std::snprintf(field, sizeof field, "nodes[%u].name", i);
        if (!texts_.take(r.name, field, node.name, error_)) return false;
        if (node.name.empty()) return refuse(error_, "nodes[%u].name_size: the name is empty", i);
        if (r.op < uint32_t(Op::layer) || r.op > uint32_t(Op::convert))
            return refuse(error_, "nodes[%u].op: %u is unknown", i, r.op);
        node.op = Op(r.op);
        if (!take_operands(r, i) || !check_numbers(r, i)) return false;
        node.operand_begin = r.operand_begin, node.operand_count = r.operand_count, node.layer = r.layer;
        node.activation = Activation(r.activation), node.counts_padding = r.flags == 1, node.window = r.window;
        return check_result(i);
    }

    bool take_operands(const NodeRecord& r, uint32_t i) {
        if (r.operand_begin != position_)
            return refuse(error_, "nodes[%u].operand_begin: is %u, not %u", i, r.operand_begin, position_);
        const Op op = Op(r.op);
        const uint32_t least = op == Op::add || op == Op::multiply ? 2 : 1;
        const uint32_t most = op == Op::concat ? kMaxNodes : op == Op::layer ? 2 : least;
        if (r.operand_count < least || r.operand_count > most)
            return refuse(error_, "nodes[%u].operand_count: %u is outside %u..%u", i, r.operand_count, least, most);
        const uint32_t outputs_begin = this->outputs_begin();
        if (position_ > outputs_begin || r.operand_count > outputs_begin - position_)
            return refuse(error_, "nodes[%u].operand_count: reaches into the network's outputs", i);
        for (uint32_t number = 0; number < r.operand_count; ++number, ++position_)
            if (!check_operand(position_, head_.input_count + i)) return false;
        return true;
    }

    uint32_t outputs_begin() const {
        return head_.operand_count > head_.output_count ? head_.operand_count - head_.output_count : 0;
    }

    bool check_operand(uint32_t number, uint32_t below) {
        return graph_.operands[number] < below ||
               refuse(error_, "operands[%u]: tensor %u is not made before it is used", number, graph_.operands[number]);
    }

    /// What the op does not use must be as the format says, and what it uses in its range.
    bool check_numbers(const NodeRecord& r, uint32_t i) {
        const Op op = Op(r.op);
        const bool pool = op == Op::max_pool || op == Op::average_pool, curve = op == Op::activation;
        if (op == Op::layer && r.layer >= layers_.size())
            return refuse(error_, "nodes[%u].layer: %u is no layer of the file", i, r.layer);
        if (op != Op::layer && r.layer != kNoLayer)
            return refuse(error_, "nodes[%u].layer: %u is a layer, which this op has not", i, r.layer);
        if (op == Op::layer && layers_[r.layer].view.dtype == DType::int8) {
            if (applied_[r.layer])
                return refuse(error_, "nodes[%u].layer: %u is of int8, and an earlier node applies it", i, r.layer);
            applied_[r.layer] = true;
        }
        const uint32_t most = op == Op::add || op == Op::multiply || curve ? kActivationCount - 1 : 0;
        if (!check_number(i, "activation", r.activation, curve ? 1 : 0, most)) return false;
        if (r.flags > (op == Op::average_pool ? 1u : 0u))
            return refuse(error_, "nodes[%u].flags: %u has a bit that this op does not know", i, r.flags);
        static const char* const labels[] = {"kernel_h", "kernel_w", "stride_h", "stride_w",
                                             "pad_h",    "pad_w",    "extra_h",  "extra_w"};
        uint32_t window[8];
        std::memcpy(window, &r.window, sizeof window);
        for (uint32_t number = 0; number < 8; ++number)
            if (!check_number(i, labels[number], window[number], pool && number < 4 ? 1 : 0, pool ? kMaxStep : 0))
                return false;
        return r.reserved == 0 || refuse(error_, "nodes[%u].reserved: %u is not 0", i, r.reserved);
    }

    bool check_number(uint32_t node, const char* label, uint32_t value, uint32_t least, uint32_t most) {
        char field[48];
        std::snprintf(field, sizeof field, "nodes[%u].%s", node, label);
        return check_range(value, least, most, field, error_);
    }

    /// The operands fit, and the tensor that the node makes has the shape of the result.
    bool check_result(uint32_t i) {
        ImageShape wanted;
        if (!node_result(graph_, i, layers_, wanted, error_)) return false;
        const uint32_t number = head_.input_count + i;
        const ImageShape stated = shape_of(graph_.tensors[number]);
        const auto same = [&](const char* label, uint64_t value, uint64_t result) {
            return value == result || refuse(error_, "tensors[%u].%s: is %llu, node %u makes %llu", number, label,
                                             ull(value), i, ull(result));
        };
        return same("channels", stated.channels, wanted.channels) && same("height", stated.height, wanted.height) &&
               same("width", stated.width, wanted.width) && check_types(graph_.nodes[i], number);
    }

    /// Operands and result have one type, which of a layer is the layer's; a conversion makes another one.
    bool check_types(const GraphNode& node, uint32_t result) {
        DType wanted = graph_.operand(node, 0).dtype;
        if (node.op == Op::layer) wanted = layers_[node.layer].view.dtype;
        if (node.op == Op::softmax) wanted = DType::fp32;
        for (uint32_t i = 0; i < node.operand_count; ++i) {
            const DType has = graph_.operand(node, i).dtype;
            if (has != wanted)
                return refuse(error_, "operands[%u]: is %s, not %s", node.operand_begin + i, dtype_name(has),
                              dtype_name(wanted));
        }
        const DType has = graph_.tensors[result].dtype;
        return (has != wanted) == (node.op == Op::convert) || makes_numbers(node, layers_, graph_.tensors[result]) ||
               refuse(error_, "tensors[%u].dtype: %s is not what the node makes of %s", result, dtype_name(has),
                      dtype_name(wanted));
    }

    bool check_outputs() {
        if (position_ != outputs_begin()) return refuse(error_, "graph.operand_count: some operands belong to no node");
        for (uint32_t number = position_; number < head_.operand_count; ++number)
            if (!check_operand(number, uint32_t(graph_.tensors.size()))) return false;
        return true;
    }

    Bytes bytes_;
    uint32_t first_;
    const std::vector<FileLayer>& layers_;
    TextReader& texts_;
    Graph& graph_;
    FileError& error_;
    GraphRecord head_{};
    std::vector<bool> applied_;  ///< layers of int8: by a node before
    uint32_t position_ = 0;      ///< of the next operand
};

}  // namespace

bool read_graph(Bytes bytes, uint32_t first, const std::vector<FileLayer>& layers, TextReader& texts, Graph& graph,
                FileError& error) {
    return GraphReader(bytes, first, layers, texts, graph, error).read() &&
           check_uses(graph, uint32_t(layers.size()), error) && check_arena(graph, error);
}

}  // namespace ubp::file
