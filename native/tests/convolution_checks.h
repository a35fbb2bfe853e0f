// One setting of a convolution: its text, a random layer of it, and a run that is compared with plain loops.
#pragma once

#include <cstdio>
#include <cstring>
#include <string>

#include "cases.h"
#include "guarded.h"
#include "operator/activation.h"
#include "operator/cores.h"
#include "random_layer.h"
#include "reference.h"
#include "ubp/convolution.h"

namespace ubp {

// Types of weights and of inputs and outputs, and what is summed in.
enum class Types {
    fp32,
    fp16,     // all in fp16, on whole numbers, so that every sum is exact
    wide,     // fp16 summed in fp32
    widened,  // weights of fp16 and tensors of fp32: cores without fp16 arithmetic
};

struct Setting {
    Types types = Types::fp32;
    uint32_t rows = 24, channels = 20, block_size = 4, kernel_h = 1, kernel_w = 1, stride = 1, pad = 0, dilation = 1;
    int64_t batch = 1, height = 6, width = 7;
    double sparsity = 0.6;
    bool aligned = false;
    Activation activation = Activation::none;
    Kernel kernel = Kernel::sparse;
    Core core = Core::best;
};

inline std::vector<Core> cores() { return {Core::best, Core::wide, Core::inorder}; }

inline std::string text_of(const Setting& s) {
    char text[256];
    std::snprintf(text, sizeof(text),
                  "R=%u C=%u N=%u kernel=%ux%u stride=%u pad=%u dilation=%u batch=%d image=%dx%d "
                  "sparsity=%g aligned=%d activation=%d kernel=%d core=%d types=%d",
                  s.rows, s.channels, s.block_size, s.kernel_h, s.kernel_w, s.stride, s.pad, s.dilation, int(s.batch),
                  int(s.height), int(s.width), s.sparsity, s.aligned, int(s.activation), int(s.kernel), int(s.core),
                  int(s.types));
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

// What an output may be off by.
inline double tolerance_of(const Setting& s, double expected, double scale) {
    constexpr double unit = 0.00048828125;  // of fp16: 2^-11
    if (s.types == Types::fp32 || s.types == Types::widened) return 1e-5 * scale + 1e-30;
    const double rounding = unit * std::fabs(expected) * 1.01 + 1e-7;  // of the result; subnormals: 2^-24
    if (s.types == Types::wide) return 1e-5 * scale + rounding;
    return clamp_of(s.activation).exact ? 0.0 : rounding + 1e-6 * scale;
}

// T: of the output.
template <class T>
void compare(const Setting& s, const Reference& expected, const GuardedArray<T>& y) {
    if (!y.intact()) fail(s, "wrote outside of the output");
    for (size_t i = 0; i < y.size(); ++i) {
        const double mine = double(float(y.data()[i])), wanted = expected.y[i], error = std::fabs(mine - wanted);
        if (is_same(mine, wanted)) continue;
        // also false where the output is not a number
        if (error <= tolerance_of(s, wanted, expected.scale[i])) continue;
        fail(s, "output " + std::to_string(i) + " is " + std::to_string(mine) + ", expected " + std::to_string(wanted));
        return;
    }
}

// Numbers as the types hold them.
inline std::vector<float> rounded_for(const Setting& s, std::vector<float> values) {
    if (s.types == Types::fp32) return values;
    for (float& value : values) value = s.types == Types::fp16 ? away_from_zero(3 * value) : float(Half(value));
    return values;
}

// Runs with 1 to 4 threads: within rounding of the reference, the same bits for every number of threads. T: of inputs
// and outputs, W: of the weights.
template <class T, class W>
void check_typed(const Setting& s, LayerView view) {
    const Geometry geometry = geometry_of(view, s.batch, s.height, s.width);
    if (geometry.out_h < 1 || geometry.out_w < 1) return;
    std::mt19937 random(seed + 1);
    const std::vector<float> numbers =
        spoiled_or_not(rounded_for(s, random_floats(random, size_t(geometry.input_floats()))));
    const GuardedArray<T> x(numbers);
    const size_t count = view.is_dense() ? view.dense_count() : size_t{view.block_count} * view.block_size;
    const std::vector<float> bias = rounded_for(s, std::vector<float>(view.bias, view.bias + view.rows));
    const GuardedArray<W> weights(
        rounded_for(s, std::vector<float>(view.weights_as<float>(), view.weights_as<float>() + count)));
    view.weights = weights.data(), view.bias = bias.data();
    view.dtype = dtype_of<W>, view.wide_sums = s.types == Types::wide;
    const Reference expected = reference_convolution(view, geometry, numbers.data());
    GuardedArray<T> first(expected.y.size());
    for (unsigned threads : {1u, 2u, 3u, 4u}) {
        if (threads > 1 && s.kernel == Kernel::measured) break;  // may choose otherwise each time
        ConvolutionOptions options{s.batch, s.height, s.width, threads, s.kernel, s.core};
        options.dtype = dtype_of<T>;
        // Winograd spreads what is no number, and its sums are not exact (test_winograd.cpp).
        options.winograd = !spoiled && s.types != Types::fp16;
        std::string error;
        const auto convolution = Convolution::create(view, options, error);
        if (!convolution) return fail(s, "refused: " + error);
        ThreadPool pool(threads);
        GuardedArray<T> y(expected.y.size(), -12345.0f);
        convolution->run(x.data(), y.data(), pool);
        if (threads == 1 || spoiled) {  // which of several NaN goes on is nobody's promise
            compare(s, expected, y);
            first = y;
        } else if (std::memcmp(first.data(), y.data(), y.size() * sizeof(T)) != 0 || !y.intact()) {
            fail(s, "differs with " + std::to_string(threads) + " threads");
        }
    }
}

// Does nothing for fp16 arithmetic on a core that has none: Convolution refuses it, and test_refusals looks.
inline void check_layer(const Setting& s, const LayerView& view) {
    if (s.types == Types::fp32) return check_typed<float, float>(s, view);
    if (s.types == Types::widened) return check_typed<float, Half>(s, view);
    if (runs_half_kernels()) check_typed<Half, Half>(s, view);
}

inline void check(const Setting& s) {
    const RandomLayer layer = layer_of(s);
    check_layer(s, layer.view);
}

}  // namespace ubp
