// Compares depthwise convolution of bytes with plain loops, bit for bit. Part of test_integer_planar.

#include "byte_helpers.h"
#include "operator/integer_cores.h"
#include "operator/integers/depthwise.h"

namespace ubp {
namespace {

struct Setting {
    int64_t channels = 3, multiplier = 1, batch = 1, height = 9, width = 11, kernel_h = 3, kernel_w = 3, stride = 1;
    int64_t pad = 1, extra = 0, dilation = 1;
    int32_t zero_point = 128;  // of x
    IntegerResult result{100, 0, 255, false};
    Activation activation = Activation::none;  // of fp32 results
    bool table = false, residual = false, extreme = false;
    float factor = 1.0f / 512;

    std::string text(const ByteDepthwiseSet& set, unsigned threads) const {
        return std::string(set.name) +
               text_of_numbers(
                   " channels, multiplier, batch, image, kernel, stride, pad, extra, dilation, zero, result, fp32, "
                   "activation, table, residual, extreme, threads:",
                   std::vector<int64_t>{channels,
                                        multiplier,
                                        batch,
                                        height,
                                        width,
                                        kernel_h,
                                        kernel_w,
                                        stride,
                                        pad,
                                        extra,
                                        dilation,
                                        zero_point,
                                        result.zero_point,
                                        result.low,
                                        result.high,
                                        result.passed,
                                        int64_t(activation),
                                        table,
                                        residual,
                                        extreme,
                                        threads}) +
               " factor " + std::to_string(factor);
    }
    Geometry geometry() const {
        LayerView view;
        view.in_channels = 1, view.groups = uint32_t(channels);
        view.kernel_h = uint32_t(kernel_h), view.kernel_w = uint32_t(kernel_w);
        view.stride_h = view.stride_w = uint32_t(stride), view.pad_h = view.pad_w = uint32_t(pad);
        view.extra_h = view.extra_w = uint32_t(extra), view.dilation_h = view.dilation_w = uint32_t(dilation);
        return geometry_of(view, batch, height, width);
    }
};

RandomIntegers layer_of(const Setting& s) {
    IntegerOptions of;
    of.factor = s.factor;
    const uint32_t rows = uint32_t(s.channels * s.multiplier), taps = uint32_t(s.kernel_h * s.kernel_w);
    RandomIntegers layer = random_integers({rows, taps, 0, 0, false, seed}, of);
    for (int8_t& weight : layer.weights) {
        if (s.extreme) weight = weight < 0 ? -127 : 127;
    }
    return layer;
}

// The steps of every output, before anything is added.
std::vector<float> plain_steps(const Setting& s, const RandomIntegers& layer, const Geometry& g, const Bytes& x) {
    std::vector<float> steps;
    const int64_t rows = s.channels * s.multiplier;
    for (int64_t plane = 0; plane < g.batch * rows; ++plane) {
        const int64_t row = plane % rows, channel = plane / rows * s.channels + row / s.multiplier;
        for (int64_t at = 0; at < g.out_plane(); ++at) {
            int64_t sum = layer.bias[size_t(row)];
            for (int64_t tap = 0; tap < g.taps(); ++tap) {
                const int64_t y = at / g.out_w * s.stride - s.pad + tap / s.kernel_w * s.dilation;
                const int64_t c = at % g.out_w * s.stride - s.pad + tap % s.kernel_w * s.dilation;
                if (y < 0 || y >= g.height || c < 0 || c >= g.width) continue;
                sum += layer.weights[size_t(row * g.taps() + tap)] *
                       (int64_t{x[size_t((channel * g.height + y) * g.width + c)]} - s.zero_point);
            }
            const float whole = float(int32_t(sum));
            steps.push_back(whole * layer.factors[size_t(row)]);
        }
    }
    return steps;
}

constexpr int32_t residual_zero = 31;
constexpr float residual_factor = 0.37f;

void add_residual(std::vector<float>& steps, const Bytes& residual) {
    for (size_t i = 0; i < steps.size(); ++i) {
        const float product = centred(residual[i], residual_zero) * residual_factor;
        steps[i] = steps[i] + product;
    }
}

template <class T>
void run_and_compare(const Setting& s, const RandomIntegers& layer, const ByteDepthwiseSet& set, unsigned threads,
                     const Bytes& x, const Bytes& residual, const std::vector<T>& expected) {
    const std::string setting = s.text(set, threads);
    const ByteTable table = shuffled_table();
    const ByteResult made{{1, s.result.zero_point}, s.result.low, s.result.high, s.table ? table.data() : nullptr};
    const LayerEnd end{made, sizeof(T) == 4, clamp_of(s.activation), s.residual, residual_zero, residual_factor};
    const IntegerDepthwiseOptions options{threads, s.zero_point, end, &set};
    std::string error;
    const auto op = IntegerDepthwise::create(layer.view, s.geometry(), options, error);
    if (!op) return fail(setting, "refused: " + error);
    GuardedArray<float> workspace(op->workspace_bytes() / 4, 77.0f);
    GuardedArray<T> y(expected.size(), 99.0f);
    GuardedArray<uint8_t> given(x.size());
    std::copy(x.begin(), x.end(), given.data());
    op->use_workspace(workspace.data());
    ThreadPool pool(threads);
    const uint8_t* added = s.residual ? residual.data() : nullptr;
    if constexpr (sizeof(T) == 1) {
        if (s.residual) std::copy(residual.begin(), residual.end(), y.data()), added = y.data();  // in place
    }
    op->run(given.data(), y.data(), pool, added);
    if (!workspace.intact()) fail(setting, "wrote outside of the workspace");
    expect_same(setting, expected, y);
}

std::vector<const ByteDepthwiseSet*> all_sets() {
    std::vector<const ByteDepthwiseSet*> sets{&i8_depthwise_widening()};
#if defined(__aarch64__)
    if (has_dot_product()) sets.push_back(&i8dot_depthwise());
#endif
    return sets;
}

void check(const Setting& s) {
    const Geometry g = s.geometry();
    if (g.out_h < 1 || g.out_w < 1) return;
    const RandomIntegers layer = layer_of(s);
    const Bytes x = random_bytes(3, size_t(g.input_floats()), s.extreme);
    std::vector<float> steps = plain_steps(s, layer, g, x);
    const Bytes residual = random_bytes(12, steps.size());
    if (s.residual) add_residual(steps, residual);
    const Clamp clamp = clamp_of(s.activation);
    const ByteTable table = shuffled_table();
    Bytes bytes;
    for (float& step : steps) {
        const uint8_t byte = byte_of(step, s.result.zero_point, s.result.low, s.result.high);
        bytes.push_back(s.table ? table[byte] : byte);
        step = std::min(std::max(step, clamp.low), clamp.high);
    }
    for (const ByteDepthwiseSet* set : all_sets()) {
        for (unsigned threads : {1u, 3u}) {
            if (s.result.passed) run_and_compare(s, layer, *set, threads, x, residual, steps);
            else run_and_compare(s, layer, *set, threads, x, residual, bytes);
        }
    }
}

void check_sizes(int64_t kernel, int64_t stride) {
    for (int64_t width = 1; width <= 38; ++width) {
        for (int64_t pad = 0; pad <= kernel / 2 + 1; ++pad) {
            for (int64_t extra : {0, 1}) {
                Setting s;
                s.kernel_h = s.kernel_w = kernel, s.stride = stride, s.pad = pad, s.extra = extra;
                s.width = width, s.height = 1 + (width * 7 + pad) % 13;
                s.zero_point = int32_t(width * 37 % 256);
                check(s);
            }
        }
    }
}

// Zero points, limits, tables, residuals, fp32, and factors that bring results to any size.
void check_results(int64_t kernel, int64_t stride) {
    Setting s;
    s.kernel_h = s.kernel_w = kernel, s.stride = stride, s.pad = kernel / 2, s.height = 11, s.width = 22;
    for (int32_t zero_point : {0, 77, 255}) {
        for (int32_t made : {0, 3, 255}) {
            for (bool residual : {false, true}) {
                for (float factor : {1.0f / 512, 0.5f, 1e-30f, 1e20f}) {
                    s.zero_point = zero_point, s.residual = residual, s.factor = factor;
                    s.extreme = factor != 1.0f / 512;
                    s.result = {made, 0, 255, false}, s.table = false;
                    check(s);
                    s.result = {made, made, std::min(255, made + 40), false};
                    check(s);
                    s.table = true;
                    check(s);
                    s.result = {made, 0, 255, true}, s.table = false;
                    s.activation = made == 0 ? Activation::none : made == 3 ? Activation::relu : Activation::relu6;
                    check(s);
                }
            }
        }
    }
}

void check_others() {
    for (auto [kernel_h, kernel_w] : {std::pair{1, 1}, {7, 7}, {3, 5}, {1, 7}, {9, 1}, {2, 4}, {3, 3}, {9, 9}}) {
        for (int64_t stride : {1, 2, 3}) {
            for (int64_t dilation : {1, 2, 3}) {
                for (int64_t width : {9, 30}) {
                    Setting s;
                    s.kernel_h = kernel_h, s.kernel_w = kernel_w, s.stride = stride, s.dilation = dilation;
                    s.pad = kernel_w / 2 + (width == 30), s.extra = dilation - 1, s.width = width, s.height = 14;
                    s.zero_point = 5;
                    check(s);
                    s.result.high = 200, s.residual = true, s.table = true;
                    check(s);
                }
            }
        }
    }
}

// Several images, several rows for a channel, planes that are shared out by rows, and those beyond the workspace.
void check_many() {
    for (auto [kernel, multiplier] : {std::pair{3, 1}, {5, 2}, {7, 3}, {4, 2}}) {
        Setting s;
        s.kernel_h = s.kernel_w = kernel, s.pad = kernel / 2, s.multiplier = multiplier;
        s.channels = 5, s.batch = 3, s.height = 37, s.width = 19;
        check(s);
        s.channels = 1, s.batch = 1, s.height = 150, s.width = 301;
        check(s);
        s.stride = 2, s.residual = true;
        check(s);
    }
}

// The largest and the smallest sums.
void check_extremes() {
    for (int64_t kernel : {3, 5, 7, 32}) {
        for (int32_t zero_point : {0, 255}) {
            Setting s;
            s.kernel_h = s.kernel_w = kernel, s.height = s.width = kernel + 4, s.extreme = true;
            s.zero_point = zero_point, s.factor = 1.0f / float(1 << 14);
            check(s);
            s.result.passed = true;
            check(s);
        }
    }
}

}  // namespace

void add_integer_depthwise_cases(std::vector<Case>& cases) {
    for (int64_t kernel : {3, 5, 7}) {
        for (int64_t stride : {1, 2}) {
            const std::string name = "depthwise_" + std::to_string(kernel) + "_s" + std::to_string(stride);
            cases.push_back({name, [=] { check_sizes(kernel, stride); }});
            cases.push_back({name + "_results", [=] { check_results(kernel, stride); }});
        }
    }
    cases.push_back({"depthwise_others", check_others});
    cases.push_back({"depthwise_many", check_many});
    cases.push_back({"depthwise_extremes", check_extremes});
}

}  // namespace ubp
