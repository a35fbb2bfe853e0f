// Compares the operators of whole networks (pooling, linear, element-wise) with plain loops, over a grid.
// Depthwise convolution is in test_depthwise.cpp. Options: see cases.h.

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "operator/linear.h"
#include "operator/pointwise.h"
#include "operator/pooling.h"
#include "planar_helpers.h"
#include "reference.h"

namespace ubp {
namespace {

// Pooling.

template <class T>
void check_pool(const PoolWindow& w, int64_t height, int64_t width) {
    const int64_t free_h = height + w.pad_top + w.pad_bottom - w.kernel_h,
                  free_w = width + w.pad_left + w.pad_right - w.kernel_w;
    if (free_h < 0 || free_w < 0 || w.pad_top >= w.kernel_h) return;
    const int64_t out_h = free_h / w.stride_h + 1, out_w = free_w / w.stride_w + 1, planes = 5;
    if ((out_h - 1) * w.stride_h >= height + w.pad_top || (out_w - 1) * w.stride_w >= width + w.pad_left) return;
    const std::string setting =
        text_of("average, count, kernel, stride, pads, image:",
                std::vector<int64_t>{w.average, w.count_padding, w.kernel_h, w.kernel_w, w.stride_h, w.stride_w,
                                     w.pad_top, w.pad_left, w.pad_bottom, w.pad_right, height, width});
    const GuardedArray<T> x = random_input<T>(4, size_t(planes * height * width));
    std::vector<double> expected;
    for (int64_t i = 0; i < planes * out_h * out_w; ++i) {
        const int64_t top = i / out_w % out_h * w.stride_h - w.pad_top, left = i % out_w * w.stride_w - w.pad_left;
        const T* plane = x.data() + i / (out_h * out_w) * height * width;
        double largest = -std::numeric_limits<double>::infinity(), sum = 0, inside = 0;
        for (int64_t r = std::max<int64_t>(top, 0); r < std::min(top + w.kernel_h, height); ++r) {
            for (int64_t c = std::max<int64_t>(left, 0); c < std::min(left + w.kernel_w, width); ++c, ++inside) {
                const double value = double(float(plane[r * width + c]));
                if (value > largest || std::isnan(value)) largest = value;
                sum += value;
            }
        }
        const double count = w.count_padding ? double(w.kernel_h * w.kernel_w) : inside;
        expected.push_back(w.average ? sum / count : largest);
    }
    for (unsigned threads : {1u, 2u}) {
        Pooling<T> op(w, planes, height, width, out_h, out_w, threads);
        Guarded workspace(op.workspace_bytes() / 4, std::numeric_limits<float>::quiet_NaN());
        GuardedArray<T> y(expected.size());
        op.use_workspace(workspace.data());
        ThreadPool pool(threads);
        op.run(x.data(), y.data(), pool);
        if (!workspace.intact()) fail(setting, "wrote outside of the workspace");
        compare(setting, expected, std::vector<double>(expected.size(), w.average ? 1.0 : 0.0), y, 1e-5,
                w.average ? 1 : 0);
    }
}

template <class T>
void check_pooling() {
    for (bool average : {false, true}) {
        for (bool count_padding : {false, true}) {
            for (auto [kernel, stride] : {std::pair{3, 2}, {2, 2}, {3, 1}, {5, 3}, {1, 2}, {7, 7}, {6, 2}}) {
                for (int64_t pad = 0; pad < kernel; ++pad) {
                    for (auto [height, width] : {std::pair{7, 7}, {13, 22}, {1, 5}, {70, 3}}) {
                        PoolWindow w{average, count_padding, kernel, kernel, stride, stride, pad, pad, pad, pad};
                        check_pool<T>(w, height, width);
                        w.pad_right += 1, w.kernel_h = std::min<int64_t>(kernel + 64, height);
                        check_pool<T>(w, height, width);
                    }
                }
            }
        }
    }
    const GuardedArray<T> x = random_input<T>(5, 37 * 49);
    std::vector<double> expected(37, 0.0);
    for (size_t i = 0; i < x.size(); ++i) expected[i / 49] += double(float(x.data()[i])) / 49;
    GuardedArray<T> y(37);
    ThreadPool pool(2);
    mean_of_planes(x.data(), y.data(), 37, 49, 2, pool);
    compare("mean of planes", expected, std::vector<double>(37, 1.0), y);
}

// Linear.

template <class T>
void check_linear() {
    for (uint32_t rows : {1u, 7u, 8u, 9u, 40u, 1000u}) {
        for (uint32_t columns : {1u, 3u, 4u, 63u, 512u}) {
            for (Activation activation : all_activations) {
                RandomLayer layer = random_layer({rows, columns, 0, 0, false, seed});
                if (sizeof(T) == 2) {
                    layer.weights = random_numbers<T>(13, layer.weights.size());
                    layer.bias = random_numbers<T>(14, rows);
                }
                const GuardedArray<T> weights(layer.weights);
                layer.view.weights = weights.data(), layer.view.bias = layer.bias.data();
                layer.view.dtype = dtype_of<T>;
                layer.view.activation = activation;
                const Geometry g = geometry_of(layer.view, 2, 1, 1);
                const GuardedArray<T> x = random_input<T>(6, 2 * size_t{columns});
                const Reference expected = reference_convolution(layer.view, g, x.floats().data());
                for (unsigned threads : {1u, 2u}) {
                    ThreadPool pool(threads);
                    GuardedArray<T> y(expected.y.size());
                    Linear<T>(layer.view, threads).run(x.data(), y.data(), 2, pool);
                    compare(text_of("rows, columns, activation:",
                                    std::vector<uint32_t>{rows, columns, uint32_t(activation)}),
                            expected.y, expected.scale, y, 1e-5, 2);
                }
            }
        }
    }
}

// Element-wise.

template <class T>
void check_binary() {
    for (auto [planes, plane] : {std::pair{1, 1}, {3, 7}, {5, 16}, {64, 49}, {3, 20000}}) {
        for (bool multiply : {false, true}) {
            for (bool per_channel : {false, true}) {
                for (Activation activation : all_activations) {
                    const GuardedArray<T> a = random_input<T>(7, size_t(planes) * size_t(plane), 5.0f);
                    const GuardedArray<T> b = random_input<T>(8, size_t(per_channel ? planes : planes * plane), 5.0f);
                    std::vector<double> expected;
                    for (size_t i = 0; i < a.size(); ++i) {
                        const double second = double(float(b.data()[per_channel ? i / size_t(plane) : i]));
                        const double one = double(float(a.data()[i]));
                        expected.push_back(activated(multiply ? one * second : one + second, activation));
                    }
                    const Binary op{multiply, per_channel, activation, planes, plane};
                    for (unsigned threads : {1u, 2u}) {
                        ThreadPool pool(threads);
                        GuardedArray<T> apart(a.size()), in_place = a;
                        op.run(a.data(), b.data(), apart.data(), threads, pool);
                        op.run(in_place.data(), b.data(), in_place.data(), threads, pool);
                        const std::string setting =
                            text_of("planes, plane, multiply, per channel, activation:",
                                    std::vector<int>{planes, plane, multiply, per_channel, int(activation)});
                        compare(setting, expected, std::vector<double>(expected.size(), 30.0), apart, 1e-6, 2);
                        compare(setting + " in place", expected, std::vector<double>(expected.size(), 30.0), in_place,
                                1e-6, 2);
                    }
                }
            }
        }
    }
}

// Every activation over the whole range, its error relative to the value.
template <class T>
void check_activations() {
    std::vector<float> inputs = {0.0f,  -0.0f,  1e-30f, -1e-30f, 1e30f, -1e30f,
                                 87.0f, -87.0f, 89.0f,  -89.0f,  3.0f,  -3.0f};
    std::mt19937 random(seed);
    for (float factor : {0.01f, 1.0f, 5.0f, 20.0f, 80.0f}) {
        for (float value : random_floats(random, 20011)) inputs.push_back(value * factor);
    }
    if (sizeof(T) == 2) {
        for (float& value : inputs)
            value = std::fabs(value) > 65504 ? std::copysign(65504.0f, value) : float(Half(value));
    }
    const GuardedArray<T> x(spoiled_or_not(inputs));
    for (Activation activation : all_activations) {
        std::vector<double> expected, scale;
        for (size_t i = 0; i < x.size(); ++i) {
            const float value = float(x.data()[i]);
            expected.push_back(activated(double(value), activation));
            const bool hard = activation == Activation::hard_swish || activation == Activation::hard_sigmoid;
            // x + 3 is rounded before it is cut, and below e^-87 the curves are as good as 0
            scale.push_back(std::fabs(expected.back()) +
                            (hard && value < 3 ? 3.0 * std::max(1.0, std::fabs(double(value))) : 0.0) +
                            std::max(1.0, std::fabs(double(value))) * 1e-30);
        }
        GuardedArray<T> y(inputs.size());
        ThreadPool pool(2);
        run_activation(activation, x.data(), y.data(), int64_t(inputs.size()), 2, pool);
        compare(text_of("activation", std::vector<int>{int(activation)}), expected, scale, y, 4e-7);
    }
}

void check_softmax() {
    for (int64_t count : {1, 3, 4, 10, 1000}) {
        for (float factor : {0.1f, 10.0f, 300.0f}) {
            const int64_t rows = 3;
            const Guarded x = random_input<float>(9, size_t(rows * count), factor);
            std::vector<double> expected;
            for (int64_t row = 0; row < rows; ++row) {
                const float* from = x.data() + row * count;
                const double largest = *std::max_element(from, from + count);
                double sum = 0;
                for (int64_t i = 0; i < count; ++i) sum += std::exp(from[i] - largest);
                for (int64_t i = 0; i < count; ++i) expected.push_back(std::exp(from[i] - largest) / sum);
            }
            Guarded y = x;
            ThreadPool pool(2);
            run_softmax(y.data(), y.data(), rows, count, 2, pool);
            compare("softmax of " + std::to_string(count), expected, std::vector<double>(expected.size(), 1.0), y,
                    1e-6);
        }
    }
}

template <class T>
void check_concatenation() {
    const GuardedArray<T> a = random_input<T>(10, 2 * 6), b = random_input<T>(11, 2 * 5);
    const T* inputs[] = {a.data(), b.data()};
    const int64_t counts[] = {6, 5};
    GuardedArray<T> y(22);
    run_concatenation(inputs, counts, 2, y.data(), 2);
    std::vector<double> expected;
    for (int64_t row = 0; row < 2; ++row) {
        for (size_t i = 0; i < 2; ++i) {
            for (int64_t at = row * counts[i]; at < (row + 1) * counts[i]; ++at)
                expected.push_back(double(float(inputs[i][at])));
        }
    }
    compare("concatenation", expected, {}, y, 0, 0);
}

// Every half to a float and back gives the same bits (of a NaN, a NaN); floats round to the nearest half, ties to even.
void check_conversion() {
    std::vector<Half> halves(65536);
    for (size_t i = 0; i < halves.size(); ++i) {
        const uint16_t bits = uint16_t(i);
        std::memcpy(&halves[i], &bits, 2);
    }
    for (unsigned threads : {1u, 3u}) {
        ThreadPool pool(threads);
        Guarded floats(halves.size());
        GuardedArray<Half> back(halves.size());
        run_conversion(halves.data(), floats.data(), int64_t(halves.size()), threads, pool);
        run_conversion(floats.data(), back.data(), int64_t(halves.size()), threads, pool);
        if (!floats.intact() || !back.intact()) fail("conversion", "wrote outside of the output");
        for (size_t i = 0; i < halves.size(); ++i) {
            const int exponent = int(i >> 10 & 31), fraction = int(i & 1023);
            const double size = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
            const bool is_nan = exponent == 31 && fraction != 0, is_infinite = exponent == 31 && fraction == 0;
            const double wanted = (i >> 15 ? -1 : 1) * (is_infinite ? std::numeric_limits<double>::infinity() : size);
            const bool same = std::memcmp(&halves[i], back.data() + i, 2) == 0 && floats.data()[i] == wanted;
            if (!same && !(is_nan && std::isnan(floats.data()[i]) && std::isnan(float(back.data()[i]))))
                return fail("conversion", "of half " + std::to_string(i));
        }
    }
    const float infinity = std::numeric_limits<float>::infinity(), tiny = std::ldexp(1.0f, -24);
    const float pairs[][2] = {{2049, 2048},  {2051, 2052},         {65519, 65504},          {65520, infinity},
                              {tiny / 2, 0}, {tiny * 0.75f, tiny}, {tiny * 1.5f, 2 * tiny}, {-1e30f, -infinity}};
    for (const auto& pair : pairs) {
        for (int64_t count : {1, 4}) {  // alone and in a vector
            const std::vector<float> from(4, pair[0]);
            GuardedArray<Half> to(4);
            ThreadPool pool(1);
            run_conversion(from.data(), to.data(), count, 1, pool);
            if (float(to.data()[0]) != pair[1]) fail("conversion", "of " + std::to_string(pair[0]));
        }
    }
}

// NaN and infinities among the inputs of every operator.
template <class T>
void check_not_finite() {
    spoiled = true;
    check_some_depthwise<T>();
    check_pooling<T>();
    check_linear<T>();
    check_binary<T>();
    check_activations<T>();
    if (sizeof(T) == 4) check_softmax();
    spoiled = false;
}

std::vector<Case> all_cases() {
    std::vector<Case> cases;
    add_depthwise_cases(cases);
    add_typed(cases, "pooling", [](auto type) { check_pooling<decltype(type)>(); });
    add_typed(cases, "linear", [](auto type) { check_linear<decltype(type)>(); });
    add_typed(cases, "binary", [](auto type) { check_binary<decltype(type)>(); });
    add_typed(cases, "activations", [](auto type) { check_activations<decltype(type)>(); });
    add_typed(cases, "not_finite", [](auto type) { check_not_finite<decltype(type)>(); });
    add_typed(cases, "concatenation", [](auto type) { check_concatenation<decltype(type)>(); });
    cases.push_back({"softmax", check_softmax});
    cases.push_back({"conversion", check_conversion});
    return cases;
}

}  // namespace
}  // namespace ubp

int main(int count, char** words) { return ubp::run_program(ubp::all_cases(), count, words); }
