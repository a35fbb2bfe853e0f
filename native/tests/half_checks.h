// What only fp16 arithmetic has: numbers at its edges, and how far its sums are off.
#pragma once

#include <cmath>
#include <limits>
#include <string>

#include "convolution_checks.h"

namespace ubp {

// fp16 numbers at the edges: sums that overflow, subnormal products and sums, negative zero, NaN.
inline void check_odd_halves(Setting s) {
    if (!runs_half_kernels()) return;
    struct Odd {
        float weight, bias, x, wanted;
    };
    const float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    const float tiny = std::ldexp(1.0f, -24), small = std::ldexp(1.0f, -14);
    const Odd odds[] = {
        {256.0f, 0.0f, 255.0f, 65280.0f}, {256.0f, 256.0f, 255.0f, infinity}, {-60000.0f, 0.0f, 2.0f, -infinity},
        {small, 0.0f, 0.5f, small / 2},   {tiny, tiny, 1.0f, 2 * tiny},       {tiny, 0.0f, 0.25f, 0.0f},
        {-small, small, 1.0f, 0.0f},      {1.0f, -0.0f, -0.0f, -0.0f},        {nan, 1.0f, 1.0f, nan},
        {1.0f, 1.0f, nan, nan},           {0.0f, 0.0f, infinity, nan},        {1.0f, -infinity, infinity, nan},
    };
    for (Core core : cores()) {
        for (const Odd& odd : odds) {
            for (int64_t width : {1, 8, 9, 17, 24, 25, 33, 64}) {
                s.core = core, s.rows = 16, s.channels = 1, s.height = 1, s.width = width, s.sparsity = 0;
                RandomLayer layer = layer_of(s);
                const std::vector<Half> weights(layer.weights.size() + 32, Half(odd.weight));
                const std::vector<Half> x(size_t(width), Half(odd.x));
                std::fill(layer.bias.begin(), layer.bias.end(), odd.bias);
                layer.view.weights = weights.data(), layer.view.dtype = DType::fp16;
                ConvolutionOptions options{1, 1, width, 1, s.kernel, core};
                options.dtype = DType::fp16;
                std::string error;
                const auto convolution = Convolution::create(layer.view, options, error);
                GuardedArray<Half> y(size_t(width) * s.rows);
                ThreadPool pool(1);
                convolution->run(x.data(), y.data(), pool);
                for (const float mine : y.floats()) {
                    const bool same = is_same(mine, odd.wanted) && std::signbit(mine) == std::signbit(odd.wanted);
                    if (!same && !(std::isnan(mine) && std::isnan(odd.wanted)))
                        return fail(s, "is " + std::to_string(mine) + ", expected " + std::to_string(odd.wanted));
                }
            }
        }
    }
}

struct HalfRun {
    Reference expected;
    std::vector<float> y;
};

// A layer of fp16 whose weights and inputs are not chosen for exact sums, beside the same in double precision.
inline HalfRun run_real_numbers(const Setting& s) {
    RandomLayer layer = layer_of(s);
    const Geometry g = geometry_of(layer.view, 1, s.height, s.width);
    std::mt19937 random(seed);
    const GuardedArray<Half> weights(layer.weights), x(random_floats(random, size_t(g.input_floats())));
    layer.view.weights = weights.data(), layer.view.dtype = DType::fp16;
    const Reference expected = reference_convolution(layer.view, g, x.floats().data());
    ConvolutionOptions options{1, s.height, s.width, 1, s.kernel, s.core};
    options.dtype = DType::fp16;
    std::string error;
    const auto convolution = Convolution::create(layer.view, options, error);
    GuardedArray<Half> y(expected.y.size());
    ThreadPool pool(1);
    convolution->run(x.data(), y.data(), pool);
    return {expected, y.floats()};
}

// Sums of real numbers in fp16, each of which is rounded: off by at most a unit in the last place of 2^-11 for every
// term and for the bias, of the sum of the terms' sizes. A vector of outputs differs from its neighbours in all of
// them.
inline void check_rounding(Setting s) {
    if (!runs_half_kernels()) return;
    s.channels = 100, s.rows = 37, s.sparsity = 0.3;
    for (Core core : cores()) {
        s.core = core;
        const auto [expected, y] = run_real_numbers(s);
        const double unit = std::ldexp(1.01, -11), terms = s.channels;
        double squares = 0;
        for (size_t i = 0; i < y.size(); ++i) {
            const double error_of_it = std::fabs(double(y[i]) - expected.y[i]) / expected.scale[i];
            if (!(error_of_it <= (terms + 1) * unit)) return fail(s, "output " + std::to_string(i) + " is off");
            squares += error_of_it * error_of_it;
        }
        // Roundings are independent: the errors' mean square is that of a walk, far below the bound.
        if (std::sqrt(squares / double(y.size())) > std::sqrt(terms + 1) * unit / 4) fail(s, "errors are too large");
    }
}

// Sums of more products than fp16 may lose a hundredth of are taken in parts: the same exact sums, and errors that are
// those of parts of 512. Each step is off by at most a unit in the last place, in the mean by a third of its square.
inline void check_long_sums(Setting s) {
    if (!runs_half_kernels()) return;
    for (Core core : cores()) {
        for (uint32_t rows : {9u, 150u}) {
            for (uint32_t channels : {1025u, 1600u}) {
                s.core = core, s.rows = rows, s.channels = channels;
                s.activation = rows == 9 ? Activation::none : Activation::relu6;
                check(s);
            }
        }
    }
    s.rows = 40, s.channels = 2048, s.activation = Activation::none;
    const auto [expected, y] = run_real_numbers(s);
    double squares = 0;
    for (size_t i = 0; i < y.size(); ++i) squares += std::pow(double(y[i]) - expected.y[i], 2);
    const double product = 1.0 / 3, steps = 4 * 512.0 * 512 / 2;  // root mean square of one; squares of the sums so far
    if (std::sqrt(squares / double(y.size())) > std::ldexp(1.0, -11) / std::sqrt(3.0) * product * std::sqrt(steps))
        fail(s, "long sums lose too much");
}

}  // namespace ubp
