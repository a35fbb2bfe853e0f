#include "network/layer_steps.h"

#include "operator/depthwise.h"
#include "operator/linear.h"

namespace ubp {
namespace {

class DepthwiseStep : public Step {
public:
    DepthwiseStep(std::unique_ptr<Depthwise> op, const LayerPlaces& places) : op_(std::move(op)), places_(places) {}
    void run(ThreadPool& pool) const override { op_->run(places_.x, places_.y, pool, places_.addend); }
    size_t workspace_floats() const override { return op_->workspace_floats(); }
    void use_workspace(float* workspace) override { op_->use_workspace(workspace); }

private:
    std::unique_ptr<Depthwise> op_;
    LayerPlaces places_;
};

class LinearStep : public Step {
public:
    LinearStep(const LayerView& layer, const LayerPlaces& places, unsigned threads)
        : op_(layer, threads), places_(places) {}
    void run(ThreadPool& pool) const override { op_.run(places_.x, places_.y, places_.in->batch, pool); }
    size_t prepared_bytes() const override { return op_.prepared_bytes(); }

private:
    Linear op_;
    LayerPlaces places_;
};

class ConvolutionStep : public Step {
public:
    ConvolutionStep(std::unique_ptr<Convolution> op, const LayerPlaces& places) : op_(std::move(op)), places_(places) {}
    void run(ThreadPool& pool) const override { op_->run(places_.x, places_.y, pool, places_.addend); }
    size_t workspace_floats() const override { return size_t(op_->info().workspace_bytes) / sizeof(float); }
    void use_workspace(float* workspace) override { op_->use_workspace(workspace); }
    size_t prepared_bytes() const override { return size_t(op_->info().prepared_bytes); }

private:
    std::unique_ptr<Convolution> op_;
    LayerPlaces places_;
};

// Groups of more than one channel: a convolution for each, image by image.
class GroupedStep : public Step {
public:
    GroupedStep(const LayerPlaces& places, size_t in_step, size_t out_step)
        : places_(places), in_step_(in_step), out_step_(out_step) {}
    void add(std::unique_ptr<Convolution> op) { ops_.push_back(std::move(op)); }

    void run(ThreadPool& pool) const override {
        for (size_t i = 0; i < size_t{places_.in->batch} * ops_.size(); ++i) {
            const float* addend = places_.addend ? places_.addend + i * out_step_ : nullptr;
            ops_[i % ops_.size()]->run(places_.x + i * in_step_, places_.y + i * out_step_, pool, addend);
        }
    }
    size_t workspace_floats() const override { return size_t(ops_.front()->info().workspace_bytes) / sizeof(float); }
    void use_workspace(float* workspace) override {
        for (const auto& op : ops_) op->use_workspace(workspace);
    }
    size_t prepared_bytes() const override { return ops_.size() * size_t(ops_.front()->info().prepared_bytes); }

private:
    std::vector<std::unique_ptr<Convolution>> ops_;
    LayerPlaces places_;
    size_t in_step_, out_step_;  // floats of one group of one image
};

ConvolutionOptions options_of(const LayerPlaces& places, const NetworkOptions& from) {
    ConvolutionOptions options;
    options.batch = places.in->batch, options.height = places.in->height, options.width = places.in->width;
    options.threads = from.threads;
    options.core = from.core;
    options.residual = places.addend != nullptr;
    options.shared_workspace = true;
    options.winograd = from.winograd;
    return options;
}

std::unique_ptr<Step> make_grouped(const LayerView& layer, const LayerPlaces& places, ConvolutionOptions options,
                                   const char*& kernel, std::string& error) {
    options.batch = 1;
    LayerView group = layer;
    group.groups = 1;
    group.rows = layer.rows / layer.groups;
    std::unique_ptr<GroupedStep> step;
    for (uint32_t g = 0; g < layer.groups; ++g) {
        group.weights = layer.weights + size_t{g} * group.rows * layer.columns;
        group.bias = layer.bias + size_t{g} * group.rows;
        auto op = Convolution::create(group, options, error);
        if (!op) return nullptr;
        const ConvolutionInfo info = op->info();
        kernel = info.kernel_name;
        if (!step) {
            step = std::make_unique<GroupedStep>(places, size_t{layer.in_channels} * places.in->plane(),
                                                 size_t{group.rows} * size_t(info.out_height * info.out_width));
        }
        step->add(std::move(op));
    }
    return step;
}

}  // namespace

bool is_linear(const LayerView& layer, const LayerPlaces& places) {
    return layer.is_dense() && layer.groups == 1 && !places.addend && places.in->batch <= 4 &&
           layer.kernel_h == places.in->height && layer.kernel_w == places.in->width && layer.pad_h == 0 &&
           layer.pad_w == 0 && layer.extra_h == 0 && layer.extra_w == 0 && layer.dilation_h == 1 &&
           layer.dilation_w == 1;
}

std::unique_ptr<Step> make_depthwise(const LayerView& layer, const LayerPlaces& places, const NetworkOptions& options,
                                     std::string& error) {
    auto op = Depthwise::create(layer, places.in->batch, places.in->height, places.in->width, options.threads,
                                places.addend != nullptr, error);
    if (!op) return nullptr;
    return std::make_unique<DepthwiseStep>(std::move(op), places);
}

std::unique_ptr<Step> make_linear(const LayerView& layer, const LayerPlaces& places, const NetworkOptions& options) {
    return std::make_unique<LinearStep>(layer, places, options.threads);
}

std::unique_ptr<Step> make_convolution(const LayerView& layer, const LayerPlaces& places, const NetworkOptions& options,
                                       const char*& kernel, std::string& error) {
    ConvolutionOptions wanted = options_of(places, options);
    if (layer.groups > 1) return make_grouped(layer, places, wanted, kernel, error);
    if (!layer.is_dense()) wanted.kernel = options.kernel;
    auto op = Convolution::create(layer, wanted, error);
    if (!op) return nullptr;
    kernel = op->info().kernel_name;
    return std::make_unique<ConvolutionStep>(std::move(op), places);
}

}  // namespace ubp
