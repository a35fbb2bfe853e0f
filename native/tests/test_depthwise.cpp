// Compares depthwise convolution with plain loops, over a grid. Part of test_planar.

#include <limits>
#include <string>

#include "operator/depthwise.h"
#include "planar_helpers.h"
#include "reference.h"

namespace ubp {
namespace {

struct DepthwiseSetting {
    int64_t channels = 3, multiplier = 1, batch = 1, height = 9, width = 11, kernel_h = 3, kernel_w = 3, stride = 1;
    int64_t pad = 1, extra = 0, dilation = 1;
    Activation activation = Activation::none;
    std::string text() const {
        return text_of("channels, multiplier, batch, image, kernel, stride, pad, extra, dilation, activation:",
                       std::vector<int64_t>{channels, multiplier, batch, height, width, kernel_h, kernel_w, stride, pad,
                                            extra, dilation, int64_t(activation)});
    }
};

template <class T>
struct DepthwiseLayer {
    LayerView view;
    GuardedArray<T> weights;
    Guarded bias;

    explicit DepthwiseLayer(const DepthwiseSetting& s)
        : weights(random_numbers<T>(1, size_t(s.channels * s.multiplier * s.kernel_h * s.kernel_w))),
          bias(random_numbers<T>(2, size_t(s.channels * s.multiplier))) {
        view.rows = uint32_t(s.channels * s.multiplier), view.columns = uint32_t(s.kernel_h * s.kernel_w);
        view.in_channels = 1, view.groups = uint32_t(s.channels);
        view.kernel_h = uint32_t(s.kernel_h), view.kernel_w = uint32_t(s.kernel_w);
        view.stride_h = view.stride_w = uint32_t(s.stride);
        view.pad_h = view.pad_w = uint32_t(s.pad);
        view.extra_h = view.extra_w = uint32_t(s.extra);
        view.dilation_h = view.dilation_w = uint32_t(s.dilation);
        view.activation = s.activation;
        view.weights = weights.data(), view.bias = bias.data();
        view.dtype = dtype_of<T>;
    }
};

// Each channel by itself is a convolution of one input channel.
Reference reference_depthwise(const LayerView& layer, const Geometry& g, const float* x) {
    Reference result;
    const int64_t multiplier = layer.rows / layer.groups;
    for (int64_t image = 0; image < g.batch; ++image) {
        for (int64_t r = 0; r < layer.rows; ++r) {
            LayerView one = layer;
            one.rows = one.groups = 1;
            one.weights = layer.weights_at(size_t(r * layer.columns)), one.bias += r;
            Geometry small = g;
            small.batch = small.channels = 1;
            const float* plane = x + (image * g.channels + r / multiplier) * g.plane();
            const Reference part = reference_convolution(one, small, plane);
            result.y.insert(result.y.end(), part.y.begin(), part.y.end());
            result.scale.insert(result.scale.end(), part.scale.begin(), part.scale.end());
        }
    }
    return result;
}

// Sums of halves are exact (see random_numbers); what curves round is counted in roundings.
template <class T>
double tolerance_of(const DepthwiseSetting&) {
    return sizeof(T) == 4 ? 1e-5 : 1e-6;
}

double roundings_of(const DepthwiseSetting& s) { return clamp_of(s.activation).exact ? 0 : 2; }

// The residual is added before the activation, in place.
template <class T>
void check_residual(const DepthwiseSetting& s, LayerView view, const GuardedArray<T>& x, const Reference& expected) {
    view.activation = Activation::none;
    const Reference plain = reference_depthwise(view, geometry_of(view, s.batch, s.height, s.width), x.floats().data());
    view.activation = s.activation;
    std::string error;
    const auto op = Depthwise<T>::create(view, s.batch, s.height, s.width, 2, true, error);
    GuardedArray<T> workspace(op->workspace_elements()), y = random_input<T>(12, plain.y.size());
    std::vector<double> sums, scale;
    for (size_t i = 0; i < plain.y.size(); ++i) {
        sums.push_back(activated(plain.y[i] + double(float(y.data()[i])), s.activation));
        scale.push_back(expected.scale[i] + 1);
    }
    op->use_workspace(workspace.data());
    ThreadPool pool(2);
    op->run(x.data(), y.data(), pool, y.data());
    if (!workspace.intact()) fail(s.text(), "wrote outside of the workspace");
    compare(s.text() + " with a residual", sums, scale, y, tolerance_of<T>(s), roundings_of(s));
}

template <class T>
void check(const DepthwiseSetting& s) {
    const DepthwiseLayer<T> layer(s);
    const Geometry g = geometry_of(layer.view, s.batch, s.height, s.width);
    if (g.out_h < 1 || g.out_w < 1) return;
    const GuardedArray<T> x = random_input<T>(3, size_t(g.input_floats()));
    const Reference expected = reference_depthwise(layer.view, g, x.floats().data());
    for (unsigned threads : {1u, 3u}) {
        std::string error;
        const auto op = Depthwise<T>::create(layer.view, s.batch, s.height, s.width, threads, false, error);
        if (!op) return fail(s.text(), "refused: " + error);
        GuardedArray<T> workspace(op->workspace_elements(), std::numeric_limits<float>::quiet_NaN());
        GuardedArray<T> y(expected.y.size(), std::numeric_limits<float>::quiet_NaN());
        op->use_workspace(workspace.data());
        ThreadPool pool(threads);
        op->run(x.data(), y.data(), pool);
        if (!workspace.intact()) fail(s.text(), "wrote outside of the workspace");
        compare(s.text(), expected.y, expected.scale, y, tolerance_of<T>(s), roundings_of(s));
    }
    check_residual(s, layer.view, x, expected);
}

template <class T>
void check_depthwise(int64_t kernel, int64_t stride) {
    for (int64_t width = 1; width <= 26; ++width) {
        for (int64_t pad = 0; pad <= kernel / 2 + 1; ++pad) {
            for (int64_t extra : {0, 1}) {
                DepthwiseSetting s;
                s.kernel_h = s.kernel_w = kernel, s.stride = stride, s.pad = pad, s.extra = extra;
                s.width = width, s.height = 1 + (width * 7 + pad) % 13;
                check<T>(s);
            }
        }
    }
}

template <class T>
void check_depthwise_others() {
    for (auto [kernel_h, kernel_w] : {std::pair{1, 1}, {7, 7}, {3, 5}, {1, 7}, {9, 1}, {2, 4}, {3, 3}}) {
        for (int64_t stride : {1, 2, 3}) {
            for (int64_t dilation : {1, 2, 3}) {
                for (int64_t width : {9, 30}) {
                    DepthwiseSetting s;
                    s.kernel_h = kernel_h, s.kernel_w = kernel_w, s.stride = stride, s.dilation = dilation;
                    s.pad = kernel_w / 2 + (width == 30), s.extra = dilation - 1, s.width = width, s.height = 14;
                    check<T>(s);
                }
            }
        }
    }
}

template <class T>
void check_depthwise_many() {
    for (Activation activation : all_activations) {
        for (auto [kernel, multiplier] : {std::pair{3, 1}, {5, 2}, {7, 3}}) {
            DepthwiseSetting s;
            s.kernel_h = s.kernel_w = kernel, s.pad = kernel / 2, s.multiplier = multiplier;
            s.channels = 5, s.batch = 3, s.height = 37, s.width = 19, s.activation = activation;
            check<T>(s);
        }
    }
}

}  // namespace

template <class T>
void check_some_depthwise() {
    check_depthwise<T>(3, 1);
    check_depthwise<T>(5, 2);
    check_depthwise_many<T>();
}
template void check_some_depthwise<float>();
template void check_some_depthwise<Half>();

void add_depthwise_cases(std::vector<Case>& cases) {
    for (int kernel : {3, 5}) {
        for (int stride : {1, 2}) {
            const std::string sides = std::to_string(kernel) + "x" + std::to_string(kernel);
            add_typed(cases, "depthwise_" + sides + "_s" + std::to_string(stride),
                      [kernel, stride](auto type) { check_depthwise<decltype(type)>(kernel, stride); });
        }
    }
    add_typed(cases, "depthwise_others", [](auto type) { check_depthwise_others<decltype(type)>(); });
    add_typed(cases, "depthwise_many", [](auto type) { check_depthwise_many<decltype(type)>(); });
}

}  // namespace ubp
