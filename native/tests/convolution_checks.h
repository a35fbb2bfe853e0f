// One setting of a convolution: its text, a random layer of it, and a run that is compared with plain loops.
#pragma once

#include <cstdio>
#include <cstring>
#include <string>

#include "cases.h"
#include "guarded.h"
#include "random_layer.h"
#include "reference.h"
#include "ubp/convolution.h"

namespace ubp {

struct Setting {
    uint32_t rows = 24, channels = 20, block_size = 4, kernel_h = 1, kernel_w = 1, stride = 1, pad = 0, dilation = 1;
    int64_t batch = 1, height = 6, width = 7;
    double sparsity = 0.6;
    bool aligned = false;
    Activation activation = Activation::none;
    Kernel kernel = Kernel::sparse;
    Core core = Core::best;
};

inline std::string text_of(const Setting& s) {
    char text[256];
    std::snprintf(text, sizeof(text),
                  "R=%u C=%u N=%u kernel=%ux%u stride=%u pad=%u dilation=%u batch=%d image=%dx%d "
                  "sparsity=%g aligned=%d activation=%d kernel=%d core=%d",
                  s.rows, s.channels, s.block_size, s.kernel_h, s.kernel_w, s.stride, s.pad, s.dilation, int(s.batch),
                  int(s.height), int(s.width), s.sparsity, s.aligned, int(s.activation), int(s.kernel), int(s.core));
    return text;
}

inline void fail(const Setting& s, const std::string& what) { ubp::fail(text_of(s), what); }

inline RandomLayer layer_of(const Setting& s) {
    RandomLayer layer =
        random_layer({s.rows, s.channels * s.kernel_h * s.kernel_w, s.block_size, s.sparsity, s.aligned, seed});
    LayerView& v = layer.view;
    v.in_channels = s.channels;
    v.kernel_h = s.kernel_h, v.kernel_w = s.kernel_w;
    v.stride_h = v.stride_w = s.stride;
    v.pad_h = v.pad_w = s.pad;
    v.dilation_h = v.dilation_w = s.dilation;
    v.activation = s.activation;
    return layer;
}

inline void compare(const Setting& s, const Reference& expected, const Guarded& y) {
    if (!y.intact()) fail(s, "wrote outside of the output");
    for (size_t i = 0; i < y.size(); ++i) {
        const double error = std::fabs(double(y.data()[i]) - expected.y[i]);
        if (is_same(y.data()[i], expected.y[i])) continue;
        if (error <= 1e-5 * expected.scale[i] + 1e-30) continue;  // also false where the output is not a number
        fail(s, "output " + std::to_string(i) + " is " + std::to_string(y.data()[i]) + ", expected " +
                    std::to_string(expected.y[i]));
        return;
    }
}

// Runs with 1 to 4 threads: within rounding of the reference, the same bits for every number of threads.
inline void check_layer(const Setting& s, LayerView view) {
    const Geometry geometry = geometry_of(view, s.batch, s.height, s.width);
    if (geometry.out_h < 1 || geometry.out_w < 1) return;
    std::mt19937 random(seed + 1);
    const Guarded x(spoiled_or_not(random_floats(random, size_t(geometry.input_floats()))));
    const Guarded weights(std::vector<float>(
        view.weights, view.weights + (view.is_dense() ? size_t{view.rows} * view.columns
                                                      : size_t{view.block_count} * view.block_size)));
    view.weights = weights.data();
    const Reference expected = reference_convolution(view, geometry, x.data());
    Guarded first(expected.y.size());
    for (unsigned threads : {1u, 2u, 3u, 4u}) {
        if (threads > 1 && s.kernel == Kernel::measured) break;  // may choose otherwise each time
        ConvolutionOptions options{s.batch, s.height, s.width, threads, s.kernel, s.core};
        options.winograd = !spoiled;  // where it spreads what is no number (test_winograd.cpp)
        std::string error;
        const auto convolution = Convolution::create(view, options, error);
        if (!convolution) return fail(s, "refused: " + error);
        ThreadPool pool(threads);
        Guarded y(expected.y.size(), -12345.0f);
        convolution->run(x.data(), y.data(), pool);
        if (threads == 1 || spoiled) {  // which of several NaN goes on is nobody's promise
            compare(s, expected, y);
            first = y;
        } else if (std::memcmp(first.data(), y.data(), y.size() * sizeof(float)) != 0 || !y.intact()) {
            fail(s, "differs with " + std::to_string(threads) + " threads");
        }
    }
}

inline void check(const Setting& s) {
    const RandomLayer layer = layer_of(s);
    check_layer(s, layer.view);
}

}  // namespace ubp
