// The arithmetic of docs/format.md, "Integers", node by node, in plain loops.

#include "integer_graph.h"

namespace ubp {
namespace {

class PlainRun {
public:
    PlainRun(const Graph& graph, const std::vector<FileLayer>& layers, std::vector<Values>& values)
        : graph_(graph), layers_(layers), values_(values) {}

    void run(size_t index) {
        node_ = &graph_.nodes[index];
        out_ = &graph_.result(index);
        made_ = {};
        switch (node_->op) {
            case Op::layer: run_layer(); break;
            case Op::add:
            case Op::multiply: run_binary(); break;
            case Op::activation: run_activation(); break;
            case Op::max_pool:
            case Op::average_pool: run_pool(); break;
            case Op::concat: run_concat(); break;
            case Op::convert: run_convert(); break;
            case Op::flatten: made_ = operand(0); break;
            case Op::softmax: break;
        }
        values_.push_back(made_);
    }

private:
    const GraphTensor& tensor(uint32_t number) const { return graph_.operand(*node_, number); }
    const Values& operand(uint32_t number) const { return values_[graph_.operands[node_->operand_begin + number]]; }
    float number(uint32_t which, size_t i) const { return centred(operand(which).bytes[i], tensor(which).zero_point); }
    static float factor(double product, double divisor) { return float(product / divisor); }

    // Of what is made, or of what its table is asked with.
    bool has_before() const { return node_->table && node_->op != Op::activation; }
    double scale() const { return double(has_before() ? node_->before_scale : out_->scale); }

    void finish(float steps, Activation activation) {
        const Affine made{float(scale()), has_before() ? node_->before_zero_point : out_->zero_point};
        int32_t low = 0, high = 255;
        if (activation == Activation::relu || activation == Activation::relu6) low = made.zero_point;
        if (activation == Activation::relu6) high = byte_of(6.0f * factor(1.0, scale()), made.zero_point);
        const uint8_t byte = byte_of(steps, made.zero_point, low, high);
        made_.bytes.push_back(has_before() ? node_->table[byte] : byte);
    }

    // [R][K], as many columns as a group has.
    std::vector<int> dense_weights(const LayerView& layer) const {
        std::vector<int> dense(size_t{layer.rows} * layer.columns);
        const int8_t* const weights = layer.weights_as<int8_t>();
        const uint32_t n = layer.block_size, wide = layer.block_columns;
        for (uint32_t r = 0; layer.is_dense() && r < layer.rows; ++r) {
            for (uint32_t k = 0; k < layer.columns; ++k)
                dense[r * layer.columns + k] = weights[layer.dense_index(r, k)];
        }
        for (uint32_t r = 0; n != 0 && r < layer.start_rows(); ++r) {
            for (uint32_t b = layer.row_begin[r]; b < layer.row_begin[r + 1]; ++b) {
                for (uint32_t i = 0; i < n * wide; ++i) {
                    const uint32_t row = r + i / wide, place = layer.block_column[b] * wide + i % wide;
                    if (place >= layer.columns) continue;
                    const uint32_t column = wide > 1 ? layer.column_order[place] : place;
                    dense[row * layer.columns + column] = weights[(size_t{b} * n + row % n) * wide + i % wide];
                }
            }
        }
        return dense;
    }

    int32_t sum_at(const LayerView& layer, const int* weights, uint32_t image, uint32_t row, int64_t y,
                   int64_t x) const {
        const GraphTensor& in = tensor(0);
        const uint32_t first = row / (layer.rows / layer.groups) * layer.in_channels;
        int64_t sum = layer.integer_bias[row];
        for (uint32_t k = 0; k < layer.columns; ++k) {
            const uint32_t taps = layer.kernel_h * layer.kernel_w, tap = k % taps;
            const int64_t h = y * layer.stride_h - layer.pad_h + tap / layer.kernel_w;
            const int64_t w = x * layer.stride_w - layer.pad_w + tap % layer.kernel_w;
            if (h < 0 || h >= in.height || w < 0 || w >= in.width) continue;
            const uint64_t plane = uint64_t{image} * in.channels + first + k / taps;
            const size_t place = size_t(plane * in.plane()) + size_t(h * in.width + w);
            sum += weights[k] * (int64_t{operand(0).bytes[place]} - in.zero_point);
        }
        return int32_t(sum);
    }

    void run_layer() {
        const LayerView& layer = layers_[node_->layer].view;
        const std::vector<int> weights = dense_weights(layer);
        const bool floats = out_->dtype == DType::fp32;
        const double unit = floats ? 1.0 : scale();
        for (size_t i = 0; i < out_->elements(); ++i) {
            const uint32_t row = uint32_t(i / out_->plane() % out_->channels),
                           image = uint32_t(i / out_->plane() / out_->channels);
            const int64_t at = int64_t(i % out_->plane());
            const int32_t sum = sum_at(layer, weights.data() + size_t{row} * layer.columns, image, row,
                                       at / out_->width, at % out_->width);
            float steps = float(sum) * factor(double(tensor(0).scale) * double(layer.scales[row]), unit);
            if (node_->operand_count > 1) {
                const float added = number(1, i) * factor(double(tensor(1).scale), unit);
                steps = steps + added;
            }
            if (!floats) finish(steps, layer.activation);
            else made_.numbers.push_back(layer.activation == Activation::relu ? std::max(steps, 0.0f) : steps);
        }
    }

    void run_binary() {
        const GraphTensor &a = tensor(0), &b = tensor(1);
        for (size_t i = 0; i < a.elements(); ++i) {
            const size_t j = b.plane() == a.plane() ? i : i / size_t(a.plane());
            if (node_->op == Op::multiply) {
                const float product = number(0, i) * number(1, j);
                finish(product * factor(double(a.scale) * double(b.scale), scale()), node_->activation);
                continue;
            }
            const float first = number(0, i) * factor(double(a.scale), scale());
            const float second = number(1, j) * factor(double(b.scale), scale());
            finish(first + second, node_->activation);
        }
    }

    void run_activation() {
        for (size_t i = 0; i < out_->elements(); ++i) {
            if (node_->table) made_.bytes.push_back(node_->table[operand(0).bytes[i]]);
            else finish(number(0, i) * factor(double(tensor(0).scale), scale()), node_->activation);
        }
    }

    void run_pool() {
        const GraphTensor& in = tensor(0);
        const GraphWindow& w = node_->window;
        for (size_t i = 0; i < out_->elements(); ++i) {
            const int64_t at = int64_t(i % out_->plane());
            const int64_t top = at / out_->width * w.stride_h - w.pad_h, left = at % out_->width * w.stride_w - w.pad_w;
            int64_t sum = 0, count = 0;
            uint8_t largest = 0;
            for (int64_t h = std::max<int64_t>(top, 0); h < std::min<int64_t>(top + w.kernel_h, in.height); ++h) {
                for (int64_t c = std::max<int64_t>(left, 0); c < std::min<int64_t>(left + w.kernel_w, in.width); ++c) {
                    const uint8_t byte = operand(0).bytes[i / out_->plane() * in.plane() + size_t(h * in.width + c)];
                    sum += int64_t{byte} - in.zero_point, ++count;
                    largest = std::max(largest, byte);
                }
            }
            if (node_->counts_padding) count = int64_t{w.kernel_h} * w.kernel_w;
            if (node_->op == Op::max_pool) made_.bytes.push_back(largest);
            else finish(float(int32_t(sum)) * factor(double(in.scale), scale() * double(count)), Activation::none);
        }
    }

    void run_concat() {
        for (uint32_t image = 0; image < out_->batch; ++image) {
            for (uint32_t part = 0; part < node_->operand_count; ++part) {
                const size_t count = size_t(tensor(part).elements() / out_->batch);
                for (size_t i = 0; i < count; ++i)
                    finish(number(part, image * count + i) * factor(double(tensor(part).scale), scale()),
                           Activation::none);
            }
        }
    }

    void run_convert() {
        for (size_t i = 0; i < out_->elements(); ++i) {
            if (out_->dtype == DType::int8) finish(operand(0).numbers[i] * factor(1.0, scale()), Activation::none);
            else made_.numbers.push_back(number(0, i) * tensor(0).scale);
        }
    }

    const Graph& graph_;
    const std::vector<FileLayer>& layers_;
    std::vector<Values>& values_;
    const GraphNode* node_ = nullptr;
    const GraphTensor* out_ = nullptr;
    Values made_;
};

}  // namespace

std::vector<Values> run_plainly(const Graph& graph, const std::vector<FileLayer>& layers,
                                const std::vector<float>& input) {
    std::vector<Values> values{{{}, input}};
    PlainRun run(graph, layers, values);
    for (size_t i = 0; i < graph.nodes.size(); ++i) run.run(i);
    return values;
}

}  // namespace ubp
