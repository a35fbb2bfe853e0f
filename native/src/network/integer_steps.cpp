#include "network/integer_steps.h"

#include "network/call_step.h"
#include "operator/integers/depthwise.h"
#include "operator/integers/layer_arrays.h"
#include "operator/integers/pointwise.h"
#include "operator/integers/pooling.h"

namespace ubp {
namespace {

Affine affine_of(const GraphTensor& tensor) { return {tensor.scale, tensor.zero_point}; }

// What a node with an activation makes, before its table where it has one.
ByteResult node_result(const GraphNode& node, const GraphTensor& made) {
    if (node.table && node.op != Op::activation)
        return result_of(node.activation, {node.before_scale, node.before_zero_point}, node.table);
    return result_of(node.activation, affine_of(made));
}

// An operator that has a workspace.
template <class Op, class Out>
class OperatorStep : public Step {
public:
    OperatorStep(std::unique_ptr<Op> op, const void* x, Out* y, const void* addend = nullptr)
        : op_(std::move(op)), x_(static_cast<const uint8_t*>(x)), y_(y), addend_(static_cast<const uint8_t*>(addend)) {}
    void run(ThreadPool& pool) const override {
        if constexpr (std::is_same_v<Op, IntegerDepthwise>) op_->run(x_, y_, pool, addend_);
        else op_->run(x_, y_, pool);
    }
    size_t workspace_bytes() const override { return op_->workspace_bytes(); }
    void use_workspace(void* workspace) override { op_->use_workspace(workspace); }
    size_t prepared_bytes() const override {
        if constexpr (std::is_same_v<Op, IntegerDepthwise>) return op_->prepared_bytes();
        return 0;
    }

private:
    std::unique_ptr<Op> op_;
    const uint8_t* x_;
    Out* y_;
    const uint8_t* addend_;
};

// Of one node, with its places.
class Maker {
public:
    Maker(const StepMaker& maker, size_t index)
        : maker_(maker),
          node_(maker.graph.nodes[index]),
          in_(maker.graph.operand(node_, 0)),
          out_(maker.graph.result(index)),
          x_(maker.place(in_)),
          y_(maker.place(out_)) {}

    std::unique_ptr<Step> make() const {
        switch (node_.op) {
            case Op::add:
            case Op::multiply: return make_binary();
            case Op::activation: return make_activation();
            case Op::max_pool:
            case Op::average_pool: return make_pooling();
            case Op::concat: return make_concatenation();
            case Op::convert: return make_conversion();
            default: return make_copy();
        }
    }

private:
    unsigned threads() const { return maker_.options.threads; }
    int64_t count() const { return int64_t(in_.elements()); }
    const uint8_t* bytes() const { return static_cast<const uint8_t*>(x_); }
    uint8_t* made() const { return static_cast<uint8_t*>(y_); }

    std::unique_ptr<Step> make_binary() const {
        const GraphTensor& second = maker_.graph.operand(node_, 1);
        IntegerBinary op;
        op.multiply = node_.op == Op::multiply, op.per_channel = second.plane() != in_.plane();
        op.a = affine_of(in_), op.b = affine_of(second);
        op.result = node_result(node_, out_);
        op.planes = int64_t{in_.batch} * in_.channels, op.plane = int64_t(in_.plane());
        const auto* const b = static_cast<const uint8_t*>(maker_.place(second));
        return make_call([op, a = bytes(), b, y = made(), threads = threads()](ThreadPool& pool) {
            op.run(a, b, y, threads, pool);
        });
    }

    std::unique_ptr<Step> make_activation() const {
        ByteTable table;
        if (node_.table) std::copy_n(node_.table, table.size(), table.begin());
        else table = table_of(affine_of(in_), node_result(node_, out_));
        return make_call([table, x = bytes(), y = made(), count = count(), threads = threads()](ThreadPool& pool) {
            run_byte_table(table.data(), x, y, count, threads, pool);
        });
    }

    std::unique_ptr<Step> make_pooling() const {
        const PoolWindow window = window_of(node_);
        const int64_t planes = int64_t{in_.batch} * in_.channels, plane = int64_t(in_.plane());
        const Affine given = affine_of(in_), result = affine_of(out_);
        if (is_mean_of_planes(window, in_)) {
            return make_call([=, x = bytes(), y = made(), threads = threads()](ThreadPool& pool) {
                byte_means_of_planes(x, y, planes, plane, given, result, threads, pool);
            });
        }
        auto op = std::make_unique<IntegerPooling>(window, given, result, planes, in_.height, in_.width, out_.height,
                                                   out_.width, threads());
        return std::make_unique<OperatorStep<IntegerPooling, uint8_t>>(std::move(op), x_, made());
    }

    std::unique_ptr<Step> make_concatenation() const {
        std::vector<IntegerPart> parts;
        for (uint32_t i = 0; i < node_.operand_count; ++i) {
            const GraphTensor& part = maker_.graph.operand(node_, i);
            parts.push_back({static_cast<const uint8_t*>(maker_.place(part)), int64_t(part.elements() / part.batch),
                             affine_of(part)});
        }
        return make_call([parts = std::move(parts), y = made(), result = affine_of(out_), batch = int64_t{out_.batch},
                          threads = threads()](ThreadPool& pool) {
            run_byte_concatenation(parts.data(), parts.size(), result, y, batch, threads, pool);
        });
    }

    std::unique_ptr<Step> make_conversion() const {
        const auto make = [&](const auto* x, auto* y, const Affine& affine) {
            return make_call([=, count = count(), threads = threads()](ThreadPool& pool) {
                run_conversion(x, y, count, affine, threads, pool);
            });
        };
        if (in_.dtype == DType::fp32) return make(static_cast<const float*>(x_), made(), affine_of(out_));
        if (in_.dtype == DType::fp16) return make(static_cast<const Half*>(x_), made(), affine_of(out_));
        if (out_.dtype == DType::fp32) return make(bytes(), static_cast<float*>(y_), affine_of(in_));
        return make(bytes(), static_cast<Half*>(y_), affine_of(in_));
    }

    // Flattening: the same bytes.
    std::unique_ptr<Step> make_copy() const {
        return make_call([x = bytes(), y = made(), count = count()](ThreadPool&) {
            if (x != y) std::copy_n(x, count, y);
        });
    }

    const StepMaker& maker_;
    const GraphNode& node_;
    const GraphTensor &in_, &out_;
    const void* x_;
    void* y_;
};

}  // namespace

IntegerTensors integer_tensors_of(const Graph& graph, size_t index) {
    const GraphNode& node = graph.nodes[index];
    const GraphTensor &in = graph.operand(node, 0), &out = graph.result(index);
    IntegerTensors tensors;
    tensors.x_scale = in.scale, tensors.x_zero_point = in.zero_point;
    tensors.floats = out.dtype == DType::fp32;
    tensors.table = node.table;
    tensors.y_scale = node.table ? node.before_scale : out.scale;
    tensors.y_zero_point = node.table ? node.before_zero_point : out.zero_point;
    if (node.operand_count > 1) {
        const GraphTensor& addend = graph.operand(node, 1);
        tensors.residual_scale = addend.scale, tensors.residual_zero_point = addend.zero_point;
    }
    return tensors;
}

std::unique_ptr<Step> make_integer_depthwise(const LayerView& layer, const LayerPlaces& places,
                                             const NetworkOptions& options, std::string& error) {
    const LayerArrays arrays(layer, places.integers, false);
    IntegerDepthwiseOptions wanted;
    wanted.threads = options.threads;
    wanted.zero_point = places.integers.x_zero_point;
    wanted.end = end_of(layer, places.integers, places.addend != nullptr);
    const GraphTensor& in = *places.in;
    auto op = IntegerDepthwise::create(arrays.view, geometry_of(layer, in.batch, in.height, in.width), wanted, error);
    if (!op) return nullptr;
    return std::make_unique<OperatorStep<IntegerDepthwise, void>>(std::move(op), places.x, places.y, places.addend);
}

std::unique_ptr<Step> make_integer_step(const StepMaker& maker, size_t index) { return Maker(maker, index).make(); }

}  // namespace ubp
