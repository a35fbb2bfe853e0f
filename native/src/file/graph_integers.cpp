#include "file/graph_integers.h"

#include <cfloat>
#include <cmath>
#include <cstdio>

#include "file/refuse.h"

namespace ubp::file {
namespace {

using ull = unsigned long long;

bool is_clamp(Activation activation) { return activation <= Activation::relu6; }

/// Whether the quotient, rounded to fp32, is a normal number.
bool is_normal_factor(double quotient) {
    constexpr double kTooLarge = 0x1.ffffffp127;  // half a step above FLT_MAX: rounds to infinity
    return quotient < kTooLarge && static_cast<float>(quotient) >= FLT_MIN;
}

/// One node, with what an error must name.
struct IntegerNode {
    const Graph& graph;
    const GraphNode& node;
    uint32_t index;
    const std::vector<FileLayer>& layers;
    FileError& error;

    const LayerView* layer() const { return node.op == Op::layer ? &layers[node.layer].view : nullptr; }
    const GraphTensor& result() const { return graph.result(index); }
    uint32_t made() const { return graph.input_count + index; }
    uint64_t area() const { return uint64_t{node.window.kernel_h} * node.window.kernel_w; }
    /// Whether its activation, where that is a table, is given bytes that are no tensor.
    bool has_before() const {
        return node.table && (node.op == Op::layer || node.op == Op::add || node.op == Op::multiply);
    }

    bool needs_table() const {
        const Activation activation = layer() ? layer()->activation : node.activation;
        return result().dtype == DType::int8 && !is_clamp(activation);
    }

    bool check_same_scale() const {
        if (result().dtype != DType::int8) return true;
        const GraphTensor& operand = graph.operand(node, 0);
        const uint32_t number = graph.operands[node.operand_begin];
        const bool stays = node.op == Op::max_pool || node.op == Op::flatten;
        if (stays && result().scale != operand.scale)
            return refuse(error, "tensors[%u].scale: is not that of tensor %u", made(), number);
        if (stays && result().zero_point != operand.zero_point)
            return refuse(error, "tensors[%u].zero_point: is not that of tensor %u", made(), number);
        return node.op != Op::average_pool || area() <= kMaxMean ||
               refuse(error, "nodes[%u].kernel_h: times kernel_w is more than %llu", index, ull(kMaxMean));
    }

    bool check_before() const {
        char where[32];
        std::snprintf(where, sizeof where, "nodes[%u]", index);
        if (has_before()) return check_affine(node.before_scale, node.before_zero_point, where, "before_", error);
        if (!(node.before_scale == 0.0f)) return refuse(error, "%s.before_scale: is not 0, as without a table", where);
        return node.before_zero_point == 0 ||
               refuse(error, "%s.before_zero_point: is not 0, as without a table", where);
    }

    bool check_factor(double quotient, uint32_t operand) const {
        return is_normal_factor(quotient) ||
               refuse(error, "operands[%u]: makes a factor that is no normal number", node.operand_begin + operand);
    }

    bool check_rows(double given, double unit) const {
        const LayerView& v = *layer();
        for (uint32_t row = 0; row < v.rows; ++row)
            if (!is_normal_factor(given * double(v.scales[row]) / unit))
                return refuse(error, "layers[%u].scales[%u]: makes a factor that is no normal number", node.layer, row);
        return true;
    }

    /// Of the operands from `first` on, each by itself.
    bool check_operands(uint32_t first, double unit) const {
        for (uint32_t i = first; i < node.operand_count; ++i)
            if (!check_factor(double(graph.operand(node, i).scale) / unit, i)) return false;
        return true;
    }

    bool check_factors() const {
        if (node.op == Op::convert)
            return result().dtype != DType::int8 || is_normal_factor(1.0 / double(result().scale)) ||
                   refuse(error, "tensors[%u].scale: makes a factor that is no normal number", made());
        const GraphTensor& first = graph.operand(node, 0);
        if (first.dtype != DType::int8) return true;
        const double given = first.scale, own = result().dtype == DType::int8 ? double(result().scale) : 1.0;
        const double unit = has_before() ? double(node.before_scale) : own;
        switch (node.op) {
            case Op::layer: return check_rows(given, unit) && check_operands(1, unit);
            case Op::add:
            case Op::concat: return check_operands(0, unit);
            case Op::activation: return node.table || check_operands(0, unit);
            case Op::multiply: return check_factor(given * double(graph.operand(node, 1).scale) / unit, 0);
            case Op::average_pool:
                return check_factor(given / unit, 0) && check_factor(given / (unit * double(area())), 0);
            default: return true;
        }
    }
};

}  // namespace

bool check_affine(float scale, int32_t zero_point, const char* where, const char* prefix, FileError& error) {
    if (!std::isfinite(scale) || scale < kSmallestScale)
        return refuse(error, "%s.%sscale: is not a finite number of at least 2^-100", where, prefix);
    return (zero_point >= 0 && zero_point <= int32_t(kLargestByte)) ||
           refuse(error, "%s.%szero_point: %d is outside 0..%u", where, prefix, zero_point, kLargestByte);
}

bool makes_numbers(const GraphNode& node, const std::vector<FileLayer>& layers, const GraphTensor& result) {
    if (node.op != Op::layer || result.dtype != DType::fp32) return false;
    const LayerView& layer = layers[node.layer].view;
    return layer.dtype == DType::int8 && is_clamp(layer.activation);
}

bool TableReader::take(uint32_t number, bool needed, uint32_t index, const uint8_t*& table, FileError& error) {
    table = nullptr;
    if (!needed)
        return number == kNoTable ||
               refuse(error, "nodes[%u].table: %u is a table, which this node has not", index, number);
    if (number != taken_ || number >= count_)
        return refuse(error, "nodes[%u].table: is %u; it must be %u, and there are %u tables", index, number, taken_,
                      count_);
    table = data_ + size_t{kTableSize} * taken_++;
    return true;
}

bool TableReader::finish(FileError& error) const {
    return taken_ == count_ ||
           refuse(error, "sections[%u].size: %u tables belong to no node", section_, count_ - taken_);
}

bool check_integer_node(Graph& graph, uint32_t index, const NodeRecord& record, const std::vector<FileLayer>& layers,
                        TableReader& tables, FileError& error) {
    GraphNode& node = graph.nodes[index];
    const IntegerNode checks{graph, node, index, layers, error};
    if (!checks.check_same_scale() || !tables.take(record.table, checks.needs_table(), index, node.table, error))
        return false;
    node.before_scale = record.before_scale, node.before_zero_point = record.before_zero_point;
    return checks.check_before() && checks.check_factors();
}

}  // namespace ubp::file
