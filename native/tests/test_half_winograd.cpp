// What only Winograd in fp16 has: sums that could overflow on their way, tiny weights and inputs, rows of all sizes.

#include <cmath>
#include <limits>
#include <string>

#include "winograd_cases.h"
#include "winograd_checks.h"

namespace ubp {
namespace {

constexpr double largest_half = 65504;

// A layer with the same weight everywhere but for its sign, and what it makes of inputs.
struct Uniform {
    WinogradSetting setting;
    GuardedArray<Half> weights;
    std::vector<float> bias;
    LayerView view;
    Geometry geometry;

    Uniform(const WinogradSetting& s, const std::vector<float>& values, float first_bias = 0)
        : setting(s), weights(values), bias(s.layer.rows, first_bias) {
        const RandomLayer layer = layer_of(s.layer);
        view = layer.view;
        view.weights = weights.data(), view.bias = bias.data(), view.dtype = DType::fp16;
        geometry = geometry_of(view, 1, s.layer.height, s.layer.width);
    }
    std::vector<float> run(const std::vector<float>& x) const {
        const GuardedArray<Half> nothing(size_t(geometry.out_plane() * view.rows));
        return run_threads(setting, view, geometry, GuardedArray<Half>(x), nothing, 1).floats();
    }
    std::vector<double> exact(const std::vector<float>& x) const {
        return reference_convolution(view, geometry, GuardedArray<Half>(x).floats().data()).y;
    }
};

WinogradSetting small_image() {
    WinogradSetting s = usual_winograd(Types::fp16);
    s.layer.height = 9, s.layer.width = 11;
    return s;
}

// Inputs of the largest size that the scales allow for, in every sign that makes one element of a tile largest, and
// weights in the signs that go with it: outputs that fp16 holds are finite, and right.
void check_largest_inputs() {
    if (!runs_half_kernels()) return;
    WinogradSetting s = small_image();
    std::mt19937 random(seed);
    for (uint32_t channels : {8u, 100u}) {
        s.layer.channels = channels;
        for (int period : {1, 2, 3, 4, 6}) {
            const float size = 20.0f / float(channels);  // outputs stay below 9 * 20 * 655 only by their signs
            std::vector<float> weights(size_t{9} * channels * s.layer.rows), x(size_t{99} * channels);
            for (size_t i = 0; i < weights.size(); ++i) weights[i] = (i / 3 + i) % 2 ? size : -size;
            for (size_t i = 0; i < x.size(); ++i)
                x[i] = float(winograd_largest_input) * (i / 11 / size_t(period) % 2 == i % 11 / 2 % 2 ? 1.0f : -1.0f);
            const Uniform layer(s, weights);
            const std::vector<float> found = layer.run(x);
            const std::vector<double> wanted = layer.exact(x);
            for (size_t i = 0; i < found.size(); ++i) {
                if (std::isnan(found[i])) return fail(s, "an infinity on the way");
                if (std::fabs(wanted[i]) < 0.9 * largest_half && !std::isfinite(found[i]))
                    return fail(s, "overflows where the output doesn't");
                if (std::fabs(wanted[i]) > 1.1 * largest_half && std::isfinite(found[i]))
                    return fail(s, "an output that fp16 can't hold is not infinite");
            }
        }
    }
}

// Weights of a row of any size are as precise as those of another: each row has a scale of its own.
void check_sizes_of_weights() {
    if (!runs_half_kernels()) return;
    const WinogradSetting s = small_image();
    std::mt19937 random(seed);
    const size_t row = size_t{9} * s.layer.channels;
    for (int exponent : {-12, -6, 0, 6}) {
        std::vector<float> weights = random_floats(random, row * s.layer.rows);
        for (size_t i = 0; i < weights.size(); ++i) {
            const bool normal = std::fabs(weights[i]) >= 0.5f;  // after the powers of two, too
            weights[i] = std::ldexp(normal ? weights[i] : 0.5f, i / row % 2 ? exponent : 0);
        }
        const Uniform layer(s, weights);
        const std::vector<float> x = random_floats(random, size_t{99} * s.layer.channels);
        const std::vector<float> found = layer.run(x);
        const std::vector<double> wanted = layer.exact(x);
        const double tolerance = tolerance_of<Half>(4, s.layer.channels) * std::sqrt(3.0);
        for (size_t i = 0; i < found.size(); ++i) {
            const double size = i / 99 % 2 ? std::ldexp(1.0, exponent) : 1.0;
            const double allowed = size * tolerance + 2 * unit_roundoff<Half> * std::fabs(wanted[i]) + 1e-6;
            if (!(std::fabs(double(found[i]) - wanted[i]) <= allowed)) return fail(s, "row of another size is off");
        }
    }
}

// Zeros of either sign are nothing; the bias arrives to the bit, also a tiny one and negative zero as a zero.
void check_zeros() {
    if (!runs_half_kernels()) return;
    const WinogradSetting s = small_image();
    const size_t count = size_t{9} * s.layer.channels * s.layer.rows;
    for (float bias : {-0.0f, 0.0f, std::ldexp(1.0f, -24), 60000.0f}) {
        for (float weight : {0.0f, -1.0f}) {
            const Uniform layer(s, std::vector<float>(count, weight), bias);
            for (float found : layer.run(std::vector<float>(size_t{99} * s.layer.channels, -0.0f))) {
                if (found != bias) return fail(s, "is " + std::to_string(found) + " for nothing but a bias");
            }
        }
    }
}

// Of numbers so small that products are subnormal, what is lost is below the smallest step of fp16's, but for the
// scales' growth.
void check_subnormal() {
    if (!runs_half_kernels()) return;
    const WinogradSetting s = small_image();
    const size_t count = size_t{9} * s.layer.channels * s.layer.rows;
    const Uniform layer(s, std::vector<float>(count, 0.125f));
    std::vector<float> x(size_t{99} * s.layer.channels, std::ldexp(1.0f, -12));
    const std::vector<float> found = layer.run(x);
    const std::vector<double> wanted = layer.exact(x);
    for (size_t i = 0; i < found.size(); ++i) {
        if (!(std::fabs(double(found[i]) - wanted[i]) <= 0.02 * std::fabs(wanted[i]))) return fail(s, "loses too much");
    }
}

// An infinity reaches the outputs that it is part of as no finite number.
void check_infinity() {
    if (!runs_half_kernels()) return;
    const WinogradSetting s = small_image();
    const size_t count = size_t{9} * s.layer.channels * s.layer.rows;
    const Uniform layer(s, std::vector<float>(count, 0.125f));
    std::vector<float> x(size_t{99} * s.layer.channels, 1.0f);
    x[4 * 11 + 5] = std::numeric_limits<float>::infinity();
    const std::vector<float> found = layer.run(x);
    for (size_t i = 0; i < found.size(); ++i) {
        const int64_t row = int64_t(i) / 11 % 9, column = int64_t(i) % 11;
        const bool own = std::abs(row - 4) <= 1 && std::abs(column - 5) <= 1;
        if (own && std::isfinite(found[i])) return fail(s, "an infinity is lost");
    }
}

}  // namespace

std::vector<Case> half_winograd_cases() {
    return {{"winograd_f16_largest_inputs", check_largest_inputs},
            {"winograd_f16_sizes_of_weights", check_sizes_of_weights},
            {"winograd_f16_zeros", check_zeros},
            {"winograd_f16_subnormal", check_subnormal},
            {"winograd_f16_infinity", check_infinity}};
}

}  // namespace ubp
