// Compares the operators of int8 networks beside the convolutions (element-wise, concatenation, conversion; others in
// files of their own) with plain loops, bit for bit. Options: see cases.h.

#include <limits>

#include "byte_helpers.h"
#include "operator/integers/pointwise.h"

namespace ubp {
namespace {

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
    add_integer_pooling_cases(cases);
    cases.push_back({"add_pairs", [] { check_pairs(false); }});
    cases.push_back({"multiply_pairs", [] { check_pairs(true); }});
    cases.push_back({"binary", check_binary});
    cases.push_back({"sums_end", check_sums_end});
    cases.push_back({"tables", check_tables});
    cases.push_back({"concatenation", check_concatenation});
    cases.push_back({"conversion", check_conversion<float>});
    cases.push_back({"f16_conversion", check_conversion<Half>});
    return cases;
}

}  // namespace
}  // namespace ubp

int main(int count, char** words) { return ubp::run_program(ubp::all_cases(), count, words); }
