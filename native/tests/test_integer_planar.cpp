// Compares the operators of int8 networks beside the convolutions (pooling, element-wise, concatenation, conversion)
// with plain loops, bit for bit. Depthwise convolution is in test_integer_depthwise.cpp. Options: see cases.h.

#include <limits>

#include "byte_helpers.h"
#include "operator/integers/pointwise.h"
#include "operator/integers/pooling.h"

namespace ubp {
namespace {

// Meanings of bytes: usual ones, those whose factors are powers of two (ties), and far ones.
const Affine affines[] = {{0.037f, 128}, {0.0041f, 0}, {0.5f, 3}, {1.0f, 255}, {2.0f, 77}, {3e-20f, 10}, {1e20f, 200}};

std::string text_of(const Affine& affine) {
    return " " + std::to_string(affine.scale) + "/" + std::to_string(affine.zero_point);
}

// Pooling.

template <class Visit>
void for_each_window(const PoolWindow& w, int64_t height, int64_t width, int64_t out_h, int64_t out_w, Visit visit) {
    for (int64_t i = 0; i < out_h * out_w; ++i) {
        const int64_t top = i / out_w * w.stride_h - w.pad_top, left = i % out_w * w.stride_w - w.pad_left;
        std::vector<size_t> places;
        for (int64_t r = std::max<int64_t>(top, 0); r < std::min(top + w.kernel_h, height); ++r) {
            for (int64_t c = std::max<int64_t>(left, 0); c < std::min(left + w.kernel_w, width); ++c)
                places.push_back(size_t(r * width + c));
        }
        visit(places);
    }
}

uint8_t pooled(const PoolWindow& w, const uint8_t* plane, const std::vector<size_t>& places, const Affine& given,
               const Affine& made) {
    uint8_t largest = 0;
    int64_t sum = 0;
    for (const size_t place : places) {
        largest = std::max(largest, plane[place]);
        sum += int64_t{plane[place]} - given.zero_point;
    }
    if (!w.average) return largest;
    const double count = w.count_padding ? double(w.kernel_h * w.kernel_w) : double(places.size());
    const float factor = float(double(given.scale) / (double(made.scale) * count));
    const float whole = float(int32_t(sum));
    return byte_of(whole * factor, made.zero_point);
}

void check_pool(const PoolWindow& w, int64_t height, int64_t width, const Affine& given, const Affine& made) {
    const int64_t free_h = height + w.pad_top + w.pad_bottom - w.kernel_h,
                  free_w = width + w.pad_left + w.pad_right - w.kernel_w;
    if (free_h < 0 || free_w < 0 || w.pad_top >= w.kernel_h) return;
    const int64_t out_h = free_h / w.stride_h + 1, out_w = free_w / w.stride_w + 1, planes = 5;
    if ((out_h - 1) * w.stride_h >= height + w.pad_top || (out_w - 1) * w.stride_w >= width + w.pad_left) return;
    const std::string setting =
        text_of_numbers("average, count, kernel, stride, pads, image:",
                        std::vector<int64_t>{w.average, w.count_padding, w.kernel_h, w.kernel_w, w.stride_h, w.stride_w,
                                             w.pad_top, w.pad_left, w.pad_bottom, w.pad_right, height, width}) +
        text_of(given) + text_of(made);
    const Bytes x = random_bytes(4, size_t(planes * height * width));
    Bytes expected;
    for (int64_t plane = 0; plane < planes; ++plane) {
        for_each_window(w, height, width, out_h, out_w, [&](const std::vector<size_t>& places) {
            expected.push_back(pooled(w, x.data() + plane * height * width, places, given, made));
        });
    }
    for (unsigned threads : {1u, 2u}) {
        IntegerPooling op(w, given, made, planes, height, width, out_h, out_w, threads);
        GuardedArray<float> workspace(op.workspace_bytes() / 4, 77.0f);
        GuardedArray<uint8_t> y(expected.size(), 99.0f);
        op.use_workspace(workspace.data());
        ThreadPool pool(threads);
        op.run(x.data(), y.data(), pool);
        if (!workspace.intact()) fail(setting, "wrote outside of the workspace");
        expect_same(setting, expected, y);
    }
}

void check_pooling(bool average) {
    for (bool count_padding : {false, true}) {
        for (auto [kernel, stride] : {std::pair{3, 2}, {2, 2}, {3, 1}, {5, 3}, {1, 2}, {7, 7}, {6, 2}}) {
            for (int64_t pad = 0; pad < kernel; ++pad) {
                for (auto [height, width] : {std::pair{7, 7}, {13, 22}, {9, 40}, {6, 71}, {1, 5}, {70, 3}, {300, 20}}) {
                    PoolWindow w{average, count_padding, kernel, kernel, stride, stride, pad, pad, pad, pad};
                    check_pool(w, height, width, {0.02f, 100}, {0.019f, 90});
                    w.pad_right += 1, w.kernel_h = std::min<int64_t>(kernel + 290, height);
                    check_pool(w, height, width, {0.5f, 255}, {1.0f, 0});
                }
            }
        }
    }
}

void check_means() {
    for (auto [planes, count] : {std::pair{37, 49}, {1, 1}, {130, 7}, {3, 20000}, {2, 1 << 22}}) {
        for (const Affine& given : affines) {
            for (const Affine& made : affines) {
                if (count > 20000 && &made != affines) continue;  // slow
                if (!std::isnormal(float(double(given.scale) / (double(made.scale) * count)))) continue;
                const Bytes x = random_bytes(5, size_t(planes) * size_t(count), count > 20000);
                Bytes expected;
                for (int plane = 0; plane < planes; ++plane) {
                    int64_t sum = 0;
                    for (int i = 0; i < count; ++i)
                        sum += x[size_t(plane) * size_t(count) + size_t(i)] - given.zero_point;
                    const float whole = float(int32_t(sum));
                    const float factor = float(double(given.scale) / (double(made.scale) * count));
                    expected.push_back(byte_of(whole * factor, made.zero_point));
                }
                for (unsigned threads : {1u, 3u}) {
                    GuardedArray<uint8_t> y(size_t(planes), 99.0f);
                    ThreadPool pool(threads);
                    byte_means_of_planes(x.data(), y.data(), planes, count, given, made, threads, pool);
                    expect_same("means" + text_of(given) + text_of(made) + " of " + std::to_string(count), expected, y);
                }
            }
        }
    }
}

// Element-wise.

float binary_steps(const IntegerBinary& op, uint8_t a, uint8_t b) {
    const float x = centred(a, op.a.zero_point), y = centred(b, op.b.zero_point);
    const double made = double(op.result.made.scale), a_scale = double(op.a.scale), b_scale = double(op.b.scale);
    if (op.multiply) {
        const float product = x * y;
        return product * float(a_scale * b_scale / made);
    }
    const float first = x * float(a_scale / made), second = y * float(b_scale / made);
    return first + second;
}

void check_binary_op(const IntegerBinary& op, const Bytes& a, const Bytes& b) {
    const std::string setting =
        text_of_numbers("planes, plane, multiply, per channel, limits, table:",
                        std::vector<int64_t>{op.planes, op.plane, op.multiply, op.per_channel, op.result.low,
                                             op.result.high, op.result.table != nullptr}) +
        text_of(op.a) + text_of(op.b) + text_of(op.result.made);
    Bytes expected;
    for (size_t i = 0; i < a.size(); ++i)
        expected.push_back(byte_of(binary_steps(op, a[i], b[op.per_channel ? i / size_t(op.plane) : i]), op.result));
    for (unsigned threads : {1u, 2u}) {
        ThreadPool pool(threads);
        GuardedArray<uint8_t> apart(a.size(), 99.0f), in_place(a.size()), second(b.size());
        std::copy(a.begin(), a.end(), in_place.data());
        std::copy(b.begin(), b.end(), second.data());
        op.run(a.data(), b.data(), apart.data(), threads, pool);
        op.run(in_place.data(), second.data(), in_place.data(), threads, pool);
        expect_same(setting, expected, apart);
        expect_same(setting + " in place", expected, in_place);
        if (op.per_channel) continue;
        op.run(a.data(), second.data(), second.data(), threads, pool);
        expect_same(setting + " in place of b", expected, second);
    }
}

std::vector<ByteResult> results_of(const Affine& made, const ByteTable& table) {
    return {{made},
            result_of(Activation::relu, made),
            result_of(Activation::relu6, made),
            result_of(Activation::silu, made, table.data())};
}

bool has_normal_factors(const IntegerBinary& op) {
    const double a = double(op.a.scale), b = double(op.b.scale), made = double(op.result.made.scale);
    if (op.multiply) return std::isnormal(float(a * b / made));
    return std::isnormal(float(a / made)) && std::isnormal(float(b / made));
}

// Every byte of a with every byte of b, for every meaning.
void check_pairs(bool multiply) {
    const ByteTable table = shuffled_table();
    Bytes a, b;
    for (int i = 0; i < 256 * 256; ++i) a.push_back(uint8_t(i)), b.push_back(uint8_t(i >> 8));
    for (const Affine& first : affines) {
        for (const Affine& second : affines) {
            for (const Affine& made : affines) {
                IntegerBinary op{multiply, false, first, second, {made}, 1, 256 * 256};
                if (!has_normal_factors(op)) continue;
                check_binary_op(op, a, b);
                if (&second != affines) continue;
                for (const ByteResult& result : results_of(made, table)) op.result = result, check_binary_op(op, a, b);
            }
        }
    }
}

void check_binary() {
    const ByteTable table = shuffled_table();
    for (auto [planes, plane] : {std::pair{1, 1}, {3, 7}, {5, 16}, {64, 49}, {3, 20000}, {2, 33}}) {
        for (bool multiply : {false, true}) {
            for (bool per_channel : {false, true}) {
                for (const ByteResult& result : results_of({0.05f, 20}, table)) {
                    const Bytes a = random_bytes(7, size_t(planes) * size_t(plane));
                    const Bytes b = random_bytes(8, size_t(per_channel ? planes : planes * plane));
                    const IntegerBinary op{multiply, per_channel, {0.04f, 3}, {0.07f, 200}, result, planes, plane};
                    check_binary_op(op, a, b);
                }
            }
        }
    }
}

// A layer's fractions, which may be of any size, and what is added.
void check_addend() {
    const ByteTable table = shuffled_table();
    for (size_t count : {1u, 15u, 16u, 17u, 40000u}) {
        std::mt19937 random(seed + 21);
        std::vector<float> steps = random_floats(random, count);
        for (size_t i = 0; i < count; ++i) steps[i] *= i % 7 == 0 ? 1e9f : i % 7 == 1 ? 1e30f : 300.0f;
        for (size_t i = 0; i < count; i += 5) steps[i] = std::nearbyint(steps[i]) + 0.5f;
        const Bytes b = random_bytes(22, count);
        for (bool added : {false, true}) {
            for (const ByteResult& result : results_of({0.05f, 20}, table)) {
                const IntegerAddend op{77, 0.5f, result, clamp_of(Activation::relu6)};
                Bytes bytes;
                std::vector<float> floats;
                for (size_t i = 0; i < count; ++i) {
                    const float product = centred(b[i], op.zero_point) * op.factor;
                    const float sum = added ? steps[i] + product : steps[i];
                    bytes.push_back(byte_of(sum, result));
                    floats.push_back(std::min(std::max(sum, 0.0f), 6.0f));
                }
                for (unsigned threads : {1u, 2u}) {
                    ThreadPool pool(threads);
                    GuardedArray<uint8_t> y(count);
                    std::copy(b.begin(), b.end(), y.data());
                    op.run(steps.data(), added ? y.data() : nullptr, y.data(), int64_t(count), threads, pool);
                    expect_same("addend, bytes, " + std::to_string(count), bytes, y);
                    GuardedArray<float> z(steps);
                    op.run(z.data(), added ? b.data() : nullptr, z.data(), int64_t(count), threads, pool);
                    expect_same("addend, fp32, " + std::to_string(count), floats, z);
                }
            }
        }
    }
}

void check_tables() {
    const ByteTable table = shuffled_table();
    for (size_t count : {1u, 15u, 16u, 17u, 256u, 40000u}) {
        const Bytes x = random_bytes(9, count);
        Bytes expected;
        for (const uint8_t byte : x) expected.push_back(table[byte]);
        GuardedArray<uint8_t> y(count);
        std::copy(x.begin(), x.end(), y.data());
        ThreadPool pool(2);
        run_byte_table(table.data(), y.data(), y.data(), int64_t(count), 2, pool);
        expect_same("table of " + std::to_string(count), expected, y);
    }
    for (const Affine& given : affines) {
        for (const Affine& made : affines) {
            for (Activation activation : {Activation::none, Activation::relu, Activation::relu6}) {
                const ByteResult result = result_of(activation, made);
                const ByteTable found = table_of(given, result);
                const float factor = float(double(given.scale) / double(made.scale));
                if (!std::isnormal(factor)) continue;
                for (int q = 0; q < 256; ++q) {
                    if (found[size_t(q)] != byte_of(float(q - given.zero_point) * factor, result))
                        fail("table of" + text_of(given) + text_of(made), "byte " + std::to_string(q));
                }
            }
        }
    }
}

void check_concatenation() {
    const Affine made = affines[0];
    for (int64_t outer : {1, 3}) {
        const IntegerPart shapes[] = {{nullptr, 5, affines[1]},
                                      {nullptr, 1, made},
                                      {nullptr, 100, affines[2]},
                                      {nullptr, 40000, {made.scale, 3}},
                                      {nullptr, 33, made}};
        std::vector<Bytes> inputs;
        std::vector<IntegerPart> parts;
        for (const IntegerPart& shape : shapes) {
            inputs.push_back(random_bytes(uint32_t(30 + inputs.size()), size_t(outer * shape.count)));
            parts.push_back({nullptr, shape.count, shape.given});
        }
        for (size_t i = 0; i < parts.size(); ++i) parts[i].from = inputs[i].data();
        Bytes expected;
        for (int64_t row = 0; row < outer; ++row) {
            for (const IntegerPart& part : parts) {
                const float factor = float(double(part.given.scale) / double(made.scale));
                for (int64_t i = 0; i < part.count; ++i) {
                    const float whole = centred(part.from[row * part.count + i], part.given.zero_point);
                    expected.push_back(byte_of(whole * factor, made.zero_point));
                }
            }
        }
        GuardedArray<uint8_t> y(expected.size());
        ThreadPool pool(2);
        run_byte_concatenation(parts.data(), parts.size(), made, y.data(), outer, 2, pool);
        expect_same("concatenation", expected, y);
    }
}

// Conversion.

std::vector<float> odd_numbers(const Affine& affine) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    std::vector<float> numbers = {0.0f,
                                  -0.0f,
                                  infinity,
                                  -infinity,
                                  std::numeric_limits<float>::quiet_NaN(),
                                  -std::numeric_limits<float>::quiet_NaN(),
                                  3e38f,
                                  -3e38f,
                                  1e-45f,
                                  -1e-45f};
    for (int q = -600; q <= 600; ++q) numbers.push_back(float(q) * affine.scale / 2);  // ties among them
    std::mt19937 random(seed + 40);
    for (float factor : {1.0f, 100.0f, 1e5f, 1e9f}) {
        for (float value : random_floats(random, 1013)) numbers.push_back(value * factor * affine.scale);
    }
    return numbers;
}

template <class T>
void check_conversion() {
    for (const Affine& affine : affines) {
        const GuardedArray<T> x(odd_numbers(affine));
        const float reciprocal = float(1.0 / double(affine.scale));
        Bytes expected;
        for (size_t i = 0; i < x.size(); ++i) {
            const float steps = float(x.data()[i]) * reciprocal;
            expected.push_back(std::isnan(steps) ? uint8_t(affine.zero_point) : byte_of(steps, affine.zero_point));
        }
        std::vector<T> numbers;
        for (const uint8_t byte : expected) numbers.push_back(T(centred(byte, affine.zero_point) * affine.scale));
        for (size_t left : {0u, 1u, 7u, 16u, 31u}) {
            const size_t count = x.size() - left;
            ThreadPool pool(2);
            GuardedArray<uint8_t> y(count);
            run_conversion(x.data(), y.data(), int64_t(count), affine, 2, pool);
            expect_same("to bytes" + text_of(affine), Bytes(expected.begin(), expected.end() - long(left)), y);
            GuardedArray<T> z(count);
            run_conversion(y.data(), z.data(), int64_t(count), affine, 2, pool);
            expect_same("from bytes" + text_of(affine), std::vector<T>(numbers.begin(), numbers.end() - long(left)), z);
        }
    }
}

std::vector<Case> all_cases() {
    std::vector<Case> cases;
    add_integer_depthwise_cases(cases);
    cases.push_back({"largest", [] { check_pooling(false); }});
    cases.push_back({"average", [] { check_pooling(true); }});
    cases.push_back({"means", check_means});
    cases.push_back({"add_pairs", [] { check_pairs(false); }});
    cases.push_back({"multiply_pairs", [] { check_pairs(true); }});
    cases.push_back({"binary", check_binary});
    cases.push_back({"addend", check_addend});
    cases.push_back({"tables", check_tables});
    cases.push_back({"concatenation", check_concatenation});
    cases.push_back({"conversion", check_conversion<float>});
    cases.push_back({"f16_conversion", check_conversion<Half>});
    return cases;
}

}  // namespace
}  // namespace ubp

int main(int count, char** words) { return ubp::run_program(ubp::all_cases(), count, words); }
