#include "network/step.h"

#include <algorithm>

#include "network/call_step.h"
#include "network/integer_steps.h"
#include "network/layer_steps.h"
#include "operator/pointwise.h"
#include "operator/pooling.h"

namespace ubp {
namespace {

template <class T>
class PoolingStep : public Step {
public:
    PoolingStep(const Pooling<T>& op, const T* x, T* y) : op_(op), x_(x), y_(y) {}
    void run(ThreadPool& pool) const override { op_.run(x_, y_, pool); }
    size_t workspace_bytes() const override { return op_.workspace_bytes(); }
    void use_workspace(void* workspace) override { op_.use_workspace(workspace); }

private:
    Pooling<T> op_;
    const T* x_;
    T* y_;
};

template <class T>
class ConcatStep : public Step {
public:
    ConcatStep(const StepMaker& maker, const GraphNode& node, T* y)
        : y_(y), batch_(maker.graph.operand(node, 0).batch) {
        for (uint32_t i = 0; i < node.operand_count; ++i) {
            inputs_.push_back(static_cast<const T*>(maker.operand(node, i)));
            counts_.push_back(int64_t(maker.graph.operand(node, i).elements() / uint64_t(batch_)));
        }
    }
    void run(ThreadPool&) const override {
        run_concatenation(inputs_.data(), counts_.data(), inputs_.size(), y_, batch_);
    }

private:
    std::vector<const T*> inputs_;
    std::vector<int64_t> counts_;
    T* y_;
    int64_t batch_;
};

const char* operation_of(Op op) {
    static const char* const names[] = {"",           "layer",    "add",          "multiply",
                                        "activation", "max_pool", "average_pool", "flatten",
                                        "concat",     "softmax",  "convert"};
    return names[uint32_t(op)];
}

bool runs_sparse(std::string_view kernel) { return kernel == "abp" || kernel == "ubp"; }

template <class T>
std::unique_ptr<Step> make_pooling(const GraphNode& node, const GraphTensor& in, const GraphTensor& out, const T* x,
                                   T* y, unsigned threads) {
    const PoolWindow window = window_of(node);
    const int64_t planes = int64_t{in.batch} * in.channels, plane = int64_t(in.plane());
    if (is_mean_of_planes(window, in)) {
        return make_call([=](ThreadPool& pool) { mean_of_planes(x, y, planes, plane, threads, pool); });
    }
    const Pooling<T> op(window, planes, in.height, in.width, out.height, out.width, threads);
    return std::make_unique<PoolingStep<T>>(op, x, y);
}

}  // namespace

PoolWindow window_of(const GraphNode& node) {
    const GraphWindow& w = node.window;
    PoolWindow window;
    window.average = node.op == Op::average_pool;
    window.count_padding = node.counts_padding;
    window.kernel_h = w.kernel_h, window.kernel_w = w.kernel_w;
    window.stride_h = w.stride_h, window.stride_w = w.stride_w;
    window.pad_top = w.pad_h, window.pad_left = w.pad_w;
    window.pad_bottom = int64_t{w.pad_h} + w.extra_h, window.pad_right = int64_t{w.pad_w} + w.extra_w;
    return window;
}

bool is_mean_of_planes(const PoolWindow& window, const GraphTensor& in) {
    const bool unpadded = window.pad_bottom == 0 && window.pad_right == 0;
    return window.average && unpadded && window.kernel_h == in.height && window.kernel_w == in.width;
}

std::unique_ptr<Step> StepMaker::make(size_t index, NetworkStep& facts, std::string& error) const {
    const GraphNode& node = graph.nodes[index];
    facts.name = node.name;
    facts.operation = operation_of(node.op);
    facts.input = &graph.operand(node, 0);
    facts.output = &graph.result(index);
    return node.op == Op::layer ? make_layer(index, facts, error) : make_other(index, error);
}

std::unique_ptr<Step> StepMaker::make_layer(size_t index, NetworkStep& facts, std::string& error) const {
    const GraphNode& node = graph.nodes[index];
    const LayerView& layer = layers[node.layer].view;
    const bool integers = layer.dtype == DType::int8;
    const LayerPlaces places{operand(node, 0),
                             place(graph.result(index)),
                             node.operand_count > 1 ? operand(node, 1) : nullptr,
                             facts.input,
                             facts.output,
                             integers ? integer_tensors_of(graph, index) : IntegerTensors{}};
    const int64_t positions = int64_t{facts.output->batch} * int64_t(facts.output->plane());
    facts.layer = node.layer;
    facts.dense_multiply_adds = int64_t{layer.rows} * layer.columns * positions;
    facts.multiply_adds = facts.dense_multiply_adds;
    if (!integers && is_linear(layer, places)) {
        facts.operation = "linear", facts.kernel = "dense";
        return make_linear(layer, places, options);
    }
    if (layer.groups > 1 && layer.in_channels == 1) {
        facts.operation = "depthwise";
        if (integers) return make_integer_depthwise(layer, places, options, error);
        return make_depthwise(layer, places, options, error);
    }
    facts.operation = layer.groups > 1 ? "grouped" : layers[node.layer].linear ? "linear" : "convolution";
    auto step = make_convolution(layer, places, options, facts.kernel, error);
    if (runs_sparse(facts.kernel))
        facts.multiply_adds = int64_t{layer.block_count} * layer.block_size * layer.block_columns * positions;
    return step;
}

std::unique_ptr<Step> StepMaker::make_other(size_t index, std::string& error) const {
    const GraphNode& node = graph.nodes[index];
    const DType in = graph.operand(node, 0).dtype, out = graph.result(index).dtype;
    if (in == DType::int8 || out == DType::int8) return make_integer_step(*this, index);
    if (node.op == Op::softmax) return make_softmax(index, error);
    if (node.op == Op::convert) return make_conversion(index);
    return out == DType::fp16 ? make_typed<Half>(index) : make_typed<float>(index);
}

std::unique_ptr<Step> StepMaker::make_softmax(size_t index, std::string& error) const {
    const GraphTensor &in = graph.operand(graph.nodes[index], 0), &out = graph.result(index);
    if (in.dtype != DType::fp32 || out.dtype != DType::fp32) return error = "softmax needs fp32 tensors", nullptr;
    const float* const x = static_cast<const float*>(place(in));
    float* const y = static_cast<float*>(place(out));
    const int64_t rows = in.batch, columns = in.channels;
    return make_call(
        [=, threads = options.threads](ThreadPool& pool) { run_softmax(x, y, rows, columns, threads, pool); });
}

std::unique_ptr<Step> StepMaker::make_conversion(size_t index) const {
    const GraphTensor &in = graph.operand(graph.nodes[index], 0), &out = graph.result(index);
    const int64_t count = int64_t(in.elements());
    const auto make = [&, threads = options.threads](const auto* x, auto* y) {
        return make_call([=](ThreadPool& pool) { run_conversion(x, y, count, threads, pool); });
    };
    const void* const x = place(in);
    void* const y = place(out);
    if (in.dtype == DType::fp16 && out.dtype == DType::fp16)
        return make(static_cast<const Half*>(x), static_cast<Half*>(y));
    if (in.dtype == DType::fp16) return make(static_cast<const Half*>(x), static_cast<float*>(y));
    if (out.dtype == DType::fp16) return make(static_cast<const float*>(x), static_cast<Half*>(y));
    return make(static_cast<const float*>(x), static_cast<float*>(y));
}

template <class T>
std::unique_ptr<Step> StepMaker::make_typed(size_t index) const {
    const GraphNode& node = graph.nodes[index];
    const GraphTensor &in = graph.operand(node, 0), &out = graph.result(index);
    const T* const x = static_cast<const T*>(operand(node, 0));
    T* const y = static_cast<T*>(place(out));
    const int64_t count = int64_t(in.elements());
    const unsigned threads = options.threads;
    switch (node.op) {
        case Op::add:
        case Op::multiply: {
            const bool per_channel = graph.operand(node, 1).plane() != in.plane();
            const Binary op{node.op == Op::multiply, per_channel, node.activation, int64_t{in.batch} * in.channels,
                            int64_t(in.plane())};
            const T* const b = static_cast<const T*>(operand(node, 1));
            return make_call([=](ThreadPool& pool) { op.run(x, b, y, threads, pool); });
        }
        case Op::activation: {
            const Activation activation = node.activation;
            return make_call([=](ThreadPool& pool) { run_activation(activation, x, y, count, threads, pool); });
        }
        case Op::max_pool:
        case Op::average_pool: return make_pooling<T>(node, in, out, x, y, threads);
        case Op::concat: return std::make_unique<ConcatStep<T>>(*this, node, y);
        default:  // flatten: the same elements
            return make_call([=](ThreadPool&) {
                if (x != y) std::copy_n(x, count, y);
            });
    }
}

}  // namespace ubp
