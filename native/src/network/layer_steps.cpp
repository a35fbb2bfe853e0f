#include "network/layer_steps.h"

#include "operator/depthwise.h"
#include "operator/linear.h"
#include "operator/pointwise.h"

namespace ubp {
namespace {

// Arrays of a layer as T, which its tensors are.
template <class T>
class Typed {
public:
    explicit Typed(const LayerPlaces& places) : places_(places) {}
    size_t bytes() const { return 0; }
    void use(void*) {}
    template <class Run>
    void run(ThreadPool&, const Run& run) const {
        run(static_cast<const T*>(places_.x), static_cast<T*>(places_.y), static_cast<const T*>(places_.addend));
    }

private:
    LayerPlaces places_;
};

// The same as floats where the tensors are halves: they are converted in the workspace.
class Widened {
public:
    Widened(const LayerPlaces& places, unsigned threads)
        : places_(places),
          threads_(threads),
          in_(int64_t(places.in->elements())),
          out_(int64_t(places.out->elements())) {}
    size_t bytes() const { return sizeof(float) * (whole_lines(in_) + (places_.addend ? 2 : 1) * whole_lines(out_)); }
    void use(void* workspace) { space_ = static_cast<float*>(workspace); }
    template <class Run>
    void run(ThreadPool& pool, const Run& run) const {
        float *const x = space_, *const y = x + whole_lines(in_);
        float* const addend = places_.addend ? y + whole_lines(out_) : nullptr;
        run_conversion(static_cast<const Half*>(places_.x), x, in_, threads_, pool);
        if (addend) run_conversion(static_cast<const Half*>(places_.addend), addend, out_, threads_, pool);
        run(x, y, addend);
        run_conversion(y, static_cast<Half*>(places_.y), out_, threads_, pool);
    }

private:
    static size_t whole_lines(int64_t floats) { return size_t(floats + 15) / 16 * 16; }

    LayerPlaces places_;
    unsigned threads_;
    int64_t in_, out_;  // elements
    float* space_ = nullptr;
};

template <class T, class Arrays>
class DepthwiseStep : public Step {
public:
    DepthwiseStep(std::unique_ptr<Depthwise<T>> op, const Arrays& arrays) : op_(std::move(op)), arrays_(arrays) {}
    void run(ThreadPool& pool) const override {
        arrays_.run(pool, [&](const T* x, T* y, const T* addend) { op_->run(x, y, pool, addend); });
    }
    size_t workspace_bytes() const override { return arrays_.bytes() + op_->workspace_elements() * sizeof(T); }
    void use_workspace(void* workspace) override {
        arrays_.use(workspace);
        op_->use_workspace(reinterpret_cast<T*>(static_cast<char*>(workspace) + arrays_.bytes()));
    }
    size_t prepared_bytes() const override { return op_->prepared_bytes(); }

private:
    std::unique_ptr<Depthwise<T>> op_;
    Arrays arrays_;
};

template <class T, class Arrays>
class LinearStep : public Step {
public:
    LinearStep(const LayerView& layer, int64_t batch, unsigned threads, const Arrays& arrays)
        : op_(layer, threads), batch_(batch), arrays_(arrays) {}
    void run(ThreadPool& pool) const override {
        arrays_.run(pool, [&](const T* x, T* y, const T*) { op_.run(x, y, batch_, pool); });
    }
    size_t workspace_bytes() const override { return arrays_.bytes(); }
    void use_workspace(void* workspace) override { arrays_.use(workspace); }
    size_t prepared_bytes() const override { return op_.prepared_bytes(); }

private:
    Linear<T> op_;
    int64_t batch_;
    Arrays arrays_;
};

class ConvolutionStep : public Step {
public:
    ConvolutionStep(std::unique_ptr<Convolution> op, const LayerPlaces& places) : op_(std::move(op)), places_(places) {}
    void run(ThreadPool& pool) const override { op_->run(places_.x, places_.y, pool, places_.addend); }
    size_t workspace_bytes() const override { return size_t(op_->info().workspace_bytes); }
    void use_workspace(void* workspace) override { op_->use_workspace(static_cast<float*>(workspace)); }
    size_t prepared_bytes() const override { return size_t(op_->info().prepared_bytes); }

private:
    std::unique_ptr<Convolution> op_;
    LayerPlaces places_;
};

// Groups of more than one channel: a convolution for each, image by image.
class GroupedStep : public Step {
public:
    // Elements of one group of one image.
    GroupedStep(const LayerPlaces& places, size_t in_step, size_t out_step)
        : places_(places),
          in_step_(in_step * element_bytes(places.in->dtype)),
          out_step_(out_step * element_bytes(places.out->dtype)),
          addend_step_(out_step * element_bytes(places.in->dtype)) {}
    void add(std::unique_ptr<Convolution> op) { ops_.push_back(std::move(op)); }

    void run(ThreadPool& pool) const override {
        for (size_t i = 0; i < size_t{places_.in->batch} * ops_.size(); ++i) {
            const void* addend = places_.addend ? static_cast<const char*>(places_.addend) + i * addend_step_ : nullptr;
            ops_[i % ops_.size()]->run(static_cast<const char*>(places_.x) + i * in_step_,
                                       static_cast<char*>(places_.y) + i * out_step_, pool, addend);
        }
    }
    size_t workspace_bytes() const override { return size_t(ops_.front()->info().workspace_bytes); }
    void use_workspace(void* workspace) override {
        for (const auto& op : ops_) op->use_workspace(static_cast<float*>(workspace));
    }
    size_t prepared_bytes() const override { return ops_.size() * size_t(ops_.front()->info().prepared_bytes); }

private:
    std::vector<std::unique_ptr<Convolution>> ops_;
    LayerPlaces places_;
    size_t in_step_, out_step_, addend_step_;  // bytes of one group of one image
};

ConvolutionOptions options_of(const LayerPlaces& places, const NetworkOptions& from) {
    ConvolutionOptions options;
    options.batch = places.in->batch, options.height = places.in->height, options.width = places.in->width;
    options.threads = from.threads;
    options.core = from.core;
    options.residual = places.addend != nullptr;
    options.dtype = places.in->dtype;
    options.integers = places.integers;
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
        group.weights = layer.weights_at(size_t{g} * group.rows * layer.columns);
        const size_t first = size_t{g} * group.rows;
        if (layer.dtype == DType::int8)
            group.integer_bias = layer.integer_bias + first, group.scales = layer.scales + first;
        else group.bias = layer.bias + first;
        auto op = Convolution::create(group, options, error);
        if (!op) return nullptr;
        const ConvolutionInfo info = op->info();
        kernel = info.kernel_name;
        if (!step) {
            step = std::make_unique<GroupedStep>(places, layer.in_channels * places.in->plane(),
                                                 group.rows * size_t(info.out_height * info.out_width));
        }
        step->add(std::move(op));
    }
    return step;
}

// Of a layer between tensors of fp16.
bool sums_in_floats(const LayerView& layer) { return layer.wide_sums || layer.dtype == DType::fp32; }

}  // namespace

bool is_linear(const LayerView& layer, const LayerPlaces& places) {
    return layer.is_dense() && layer.groups == 1 && !places.addend && places.in->batch <= 4 &&
           layer.kernel_h == places.in->height && layer.kernel_w == places.in->width && layer.pad_h == 0 &&
           layer.pad_w == 0 && layer.extra_h == 0 && layer.extra_w == 0 && layer.dilation_h == 1 &&
           layer.dilation_w == 1;
}

std::unique_ptr<Step> make_depthwise(const LayerView& layer, const LayerPlaces& places, const NetworkOptions& options,
                                     std::string& error) {
    const auto make = [&](auto element, const auto& arrays) -> std::unique_ptr<Step> {
        using T = decltype(element);
        const GraphTensor& in = *places.in;
        auto op = Depthwise<T>::create(layer, in.batch, in.height, in.width, options.threads, places.addend != nullptr,
                                       error);
        if (!op) return nullptr;
        return std::make_unique<DepthwiseStep<T, std::decay_t<decltype(arrays)>>>(std::move(op), arrays);
    };
    if (places.in->dtype == DType::fp32) return make(float{}, Typed<float>(places));
    if (sums_in_floats(layer)) return make(float{}, Widened(places, options.threads));
    return make(Half{}, Typed<Half>(places));
}

std::unique_ptr<Step> make_linear(const LayerView& layer, const LayerPlaces& places, const NetworkOptions& options) {
    const auto make = [&](auto element, const auto& arrays) -> std::unique_ptr<Step> {
        using Made = LinearStep<decltype(element), std::decay_t<decltype(arrays)>>;
        return std::make_unique<Made>(layer, places.in->batch, options.threads, arrays);
    };
    if (places.in->dtype == DType::fp32) return make(float{}, Typed<float>(places));
    if (sums_in_floats(layer)) return make(float{}, Widened(places, options.threads));
    return make(Half{}, Typed<Half>(places));
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
