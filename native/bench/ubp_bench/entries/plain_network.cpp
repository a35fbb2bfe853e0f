#include "plain_network.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "plain_loop.h"

namespace ubp::bench {
namespace {

double byte_of(double x, double scale, int32_t zero_point) {
    return std::clamp(std::nearbyint(x / scale) + zero_point, 0.0, 255.0);
}

/// [R][K] of any layer, zeros where nothing is kept.
std::vector<double> plain_weights(const LayerView& v) {
    std::vector<double> weights(size_t{v.rows} * v.columns);
    for_each_weight(v, [&](uint32_t row, uint32_t column, size_t place) {
        weights[size_t{row} * v.columns + column] = v.dtype == DType::int8
                                                        ? double(v.weights_as<int8_t>()[place]) * double(v.scales[row])
                                                        : double(v.weight(place));
    });
    return weights;
}

/// One weight's share of one output plane.
struct Tap {
    double weight;
    int64_t down, across;  ///< offset of the input row and column
};

void add_tap(const Tap& tap, const LayerView& v, const GraphTensor& in, const GraphTensor& out, const double* from,
             double* to) {
    for (int64_t h = 0; h < out.height; ++h) {
        const int64_t row = h * v.stride_h + tap.down;
        if (row < 0 || row >= in.height) continue;
        for (int64_t w = 0; w < out.width; ++w) {
            const int64_t column = w * v.stride_w + tap.across;
            if (column >= 0 && column < in.width) to[h * out.width + w] += tap.weight * from[row * in.width + column];
        }
    }
}

struct PlainNetwork {
    const PackedFile& file;
    const Graph& graph;
    std::vector<Doubles> values;

    const Doubles& operand(const GraphNode& node, uint32_t number) const {
        return values[graph.operands[node.operand_begin + number]];
    }

    void run(size_t index) {
        compute(index);
        hold(graph.input_count + index);
    }

    /// Rounds to what the tensor can hold, where it is int8.
    void hold(size_t index) {
        const GraphTensor& tensor = graph.tensors[index];
        if (tensor.dtype != DType::int8) return;
        const double scale = double(tensor.scale);
        for (double& value : values[index])
            value = scale * (byte_of(value, scale, tensor.zero_point) - tensor.zero_point);
    }

    /// By the node's table, where it has one: of the bytes of its operand, or of those before the activation.
    double activated(const GraphNode& node, const GraphTensor& made, double x, Activation activation) const {
        if (!node.table) return activate(x, activation);
        const bool alone = node.op == Op::activation;
        const double scale = double(alone ? graph.operand(node, 0).scale : node.before_scale);
        const int32_t zero_point = alone ? graph.operand(node, 0).zero_point : node.before_zero_point;
        return double(made.scale) * (node.table[int(byte_of(x, scale, zero_point))] - made.zero_point);
    }

    void compute(size_t index) {
        const GraphNode& node = graph.nodes[index];
        Doubles& y = values[graph.input_count + index];
        switch (node.op) {
            case Op::layer: return run_layer(node, graph.result(index), y);
            case Op::max_pool:
            case Op::average_pool: return run_pool(node, graph.result(index), y);
            case Op::concat: return run_concat(node, y);
            case Op::softmax: return run_softmax(graph.operand(node, 0), operand(node, 0), y);
            case Op::add:
            case Op::multiply: return run_binary(node, graph.result(index), y);
            default:  // activation; flatten and convert have none
                y = operand(node, 0);
                for (double& value : y) value = activated(node, graph.result(index), value, node.activation);
        }
    }

    void run_layer(const GraphNode& node, const GraphTensor& out, Doubles& y) const {
        const LayerView& v = file.layers()[node.layer].view;
        const GraphTensor& in = graph.operand(node, 0);
        const std::vector<double> weights = plain_weights(v);
        const int64_t taps = int64_t{v.kernel_h} * v.kernel_w, group_rows = v.rows / v.groups;
        y.resize(out.elements());
        for (int64_t plane = 0; plane < int64_t{out.batch} * v.rows; ++plane) {
            const int64_t image = plane / v.rows, row = plane % v.rows;
            double* to = y.data() + plane * int64_t(out.plane());
            const double bias = v.dtype == DType::int8
                                    ? double(v.integer_bias[row]) * double(v.scales[row]) * double(in.scale)
                                    : double(v.bias[row]);
            std::fill_n(to, out.plane(), bias);
            for (int64_t k = 0; k < v.columns; ++k) {
                const double weight = weights[size_t(row * v.columns + k)];
                if (weight == 0) continue;
                const int64_t channel = row / group_rows * v.in_channels + k / taps, tap = k % taps;
                const double* from = operand(node, 0).data() + (image * in.channels + channel) * int64_t(in.plane());
                const int64_t down = tap / v.kernel_w * v.dilation_h - v.pad_h,
                              across = tap % v.kernel_w * v.dilation_w - v.pad_w;
                add_tap({weight, down, across}, v, in, out, from, to);
            }
        }
        if (node.operand_count > 1)
            for (size_t i = 0; i < y.size(); ++i) y[i] += operand(node, 1)[i];
        for (double& value : y) value = activated(node, out, value, v.activation);
    }

    void run_pool(const GraphNode& node, const GraphTensor& out, Doubles& y) const {
        const GraphWindow& w = node.window;
        const GraphTensor& in = graph.operand(node, 0);
        for (int64_t i = 0; i < int64_t(out.elements()); ++i) {
            const int64_t top = i / out.width % out.height * w.stride_h - w.pad_h,
                          left = i % out.width * w.stride_w - w.pad_w;
            const double* plane = operand(node, 0).data() + i / int64_t(out.plane()) * int64_t(in.plane());
            double largest = -std::numeric_limits<double>::infinity(), sum = 0, inside = 0;
            for (int64_t r = std::max<int64_t>(top, 0); r < std::min<int64_t>(top + w.kernel_h, in.height); ++r)
                for (int64_t c = std::max<int64_t>(left, 0); c < std::min<int64_t>(left + w.kernel_w, in.width);
                     ++c, ++inside) {
                    largest = std::max(largest, plane[r * in.width + c]);
                    sum += plane[r * in.width + c];
                }
            const double count = node.counts_padding ? double(w.kernel_h) * w.kernel_w : inside;
            y.push_back(node.op == Op::max_pool ? largest : sum / count);
        }
    }

    void run_binary(const GraphNode& node, const GraphTensor& out, Doubles& y) const {
        y = operand(node, 0);
        const Doubles& b = operand(node, 1);
        const size_t repeats = y.size() / b.size();
        for (size_t i = 0; i < y.size(); ++i) {
            const double second = b[i / repeats];
            y[i] = activated(node, out, node.op == Op::add ? y[i] + second : y[i] * second, node.activation);
        }
    }

    void run_concat(const GraphNode& node, Doubles& y) const {
        const size_t batch = graph.operand(node, 0).batch;
        for (size_t image = 0; image < batch; ++image)
            for (uint32_t i = 0; i < node.operand_count; ++i) {
                const Doubles& part = operand(node, i);
                const auto begin = part.begin() + ptrdiff_t(image * (part.size() / batch));
                y.insert(y.end(), begin, begin + ptrdiff_t(part.size() / batch));
            }
    }

    static void run_softmax(const GraphTensor& shape, const Doubles& x, Doubles& y) {
        for (uint32_t image = 0; image < shape.batch; ++image) {
            const auto begin = x.begin() + ptrdiff_t{image} * shape.channels, end = begin + shape.channels;
            const double largest = *std::max_element(begin, end);
            double sum = 0;
            for (auto at = begin; at != end; ++at) sum += std::exp(*at - largest);
            for (auto at = begin; at != end; ++at) y.push_back(std::exp(*at - largest) / sum);
        }
    }
};

}  // namespace

Doubles run_plain_network(const PackedFile& file, const std::vector<float>& inputs,
                          const std::function<void(int64_t)>& tell) {
    const Graph& graph = *file.graph();
    PlainNetwork network{file, graph, std::vector<Doubles>(graph.tensors.size())};
    auto at = inputs.begin();
    for (uint32_t i = 0; i < graph.input_count; ++i) {
        const auto end = at + ptrdiff_t(graph.tensors[i].elements());
        network.values[i].assign(at, end);
        network.hold(i);
        at = end;
    }
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        tell(int64_t(i));
        network.run(i);
    }
    Doubles outputs;
    for (size_t i = graph.operands.size() - graph.output_count; i < graph.operands.size(); ++i) {
        const Doubles& value = network.values[graph.operands[i]];
        outputs.insert(outputs.end(), value.begin(), value.end());
    }
    return outputs;
}

double largest_network_error(const Doubles& expected, const std::vector<float>& y) {
    double largest = 0, worst = 0;
    for (double value : expected) largest = std::max(largest, std::fabs(value));
    for (size_t i = 0; i < y.size(); ++i) {
        if (!std::isfinite(y[i])) return std::numeric_limits<double>::infinity();
        worst = std::max(worst, std::fabs(double(y[i]) - expected[i]));
    }
    return worst == 0 ? 0 : worst / std::max(largest, std::numeric_limits<double>::min());
}

}  // namespace ubp::bench
