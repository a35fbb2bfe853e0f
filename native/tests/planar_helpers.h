// What the tests of planar operators share: comparison, inputs, texts of settings.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "cases.h"
#include "guarded.h"
#include "operator/cores.h"
#include "random_layer.h"
#include "reference.h"
#include "ubp/layer.h"

namespace ubp {

inline const Activation all_activations[] = {Activation::none,       Activation::relu,         Activation::relu6,
                                             Activation::hard_swish, Activation::hard_sigmoid, Activation::silu,
                                             Activation::sigmoid};

// `scale`: sums of |a * b| of each output; 1 where an output is no sum. Outputs of fp16 may be off by the rounding of
// the result besides, `roundings` of them, and of 2^-24 where it is subnormal.
template <class T>
void compare(const std::string& setting, const std::vector<double>& expected, const std::vector<double>& scale,
             const GuardedArray<T>& y, double tolerance = 1e-5, double roundings = 1) {
    if (!y.intact()) fail(setting, "wrote outside of the output");
    const double unit = sizeof(T) == 2 ? roundings * std::ldexp(1.01, -11) : 0;
    const double least = sizeof(T) == 2 ? roundings * std::ldexp(1.0, -24) : 1e-30;
    for (size_t i = 0; i < y.size(); ++i) {
        const double mine = double(float(y.data()[i])), wanted = expected[i], error = std::fabs(mine - wanted);
        if (is_same(mine, wanted) || is_same(mine, double(float(T(float(wanted)))))) continue;
        const double size = scale.empty() ? std::fabs(wanted) : scale[i];
        if (error <= tolerance * size + unit * std::max(size, std::fabs(wanted)) + least) continue;
        fail(setting,
             "output " + std::to_string(i) + " is " + std::to_string(mine) + ", expected " + std::to_string(wanted));
        return;
    }
}

// In fp16 eighths, so that sums of products are exact while they stay below 32.
template <class T>
std::vector<float> random_numbers(uint32_t salt, size_t count, float factor = 1.0f) {
    std::mt19937 random(seed + salt);
    std::vector<float> values = random_floats(random, count);
    for (float& value : values) value = sizeof(T) == 2 ? away_from_zero(value * factor * 8) / 8 : value * factor;
    return values;
}

template <class T>
GuardedArray<T> random_input(uint32_t salt, size_t count, float factor = 1.0f) {
    return GuardedArray<T>(spoiled_or_not(random_numbers<T>(salt, count, factor)));
}

template <class Numbers>
std::string text_of(const char* name, const Numbers& numbers) {
    std::string text = name;
    for (const auto number : numbers) text += " " + std::to_string(number);
    return text;
}

/// Depthwise convolutions of a small grid. T: float or Half.
template <class T>
void check_some_depthwise();

/// Adds a case for fp32 and one for fp16, which does nothing on a core without its arithmetic. check(T{}) runs it.
template <class Check>
void add_typed(std::vector<Case>& cases, const std::string& name, Check check) {
    cases.push_back({name, [check] { check(float{}); }});
    cases.push_back({"f16_" + name, [check] {
                         if (runs_half_kernels()) check(Half(0.0f));
                     }});
}

/// The cases of test_depthwise.cpp.
void add_depthwise_cases(std::vector<Case>& cases);

}  // namespace ubp
