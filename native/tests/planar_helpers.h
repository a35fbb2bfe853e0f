// What the tests of planar operators share: comparison, inputs, texts of settings.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "cases.h"
#include "guarded.h"
#include "random_layer.h"
#include "reference.h"
#include "ubp/layer.h"

namespace ubp {

inline const Activation all_activations[] = {Activation::none,       Activation::relu,         Activation::relu6,
                                             Activation::hard_swish, Activation::hard_sigmoid, Activation::silu,
                                             Activation::sigmoid};

// `scale`: sums of |a * b| of each output; 1 where an output is no sum.
inline void compare(const std::string& setting, const std::vector<double>& expected, const std::vector<double>& scale,
                    const Guarded& y, double tolerance = 1e-5) {
    if (!y.intact()) fail(setting, "wrote outside of the output");
    for (size_t i = 0; i < y.size(); ++i) {
        const double error = std::fabs(double(y.data()[i]) - expected[i]);
        if (is_same(y.data()[i], expected[i]) ||
            error <= tolerance * (scale.empty() ? std::fabs(expected[i]) : scale[i]) + 1e-30)
            continue;
        fail(setting, "output " + std::to_string(i) + " is " + std::to_string(y.data()[i]) + ", expected " +
                          std::to_string(expected[i]));
        return;
    }
}

inline std::vector<float> random_numbers(uint32_t salt, size_t count, float factor = 1.0f) {
    std::mt19937 random(seed + salt);
    std::vector<float> values = random_floats(random, count);
    for (float& value : values) value *= factor;
    return values;
}

inline Guarded random_input(uint32_t salt, size_t count, float factor = 1.0f) {
    return Guarded(spoiled_or_not(random_numbers(salt, count, factor)));
}

template <class Numbers>
std::string text_of(const char* name, const Numbers& numbers) {
    std::string text = name;
    for (const auto number : numbers) text += " " + std::to_string(number);
    return text;
}

/// Depthwise convolutions of a small grid.
void check_some_depthwise();

/// The cases of test_depthwise.cpp.
std::vector<Case> depthwise_cases();

}  // namespace ubp
