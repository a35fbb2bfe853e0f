// What the tests of operators on bytes share: the arithmetic of docs/format.md in plain code, inputs, comparison.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "../cases.h"
#include "../guarded.h"
#include "operator/integers/affine.h"
#include "random_integers.h"

namespace ubp {

using Bytes = std::vector<uint8_t>;

/// bytes(f, z, low, high).
inline uint8_t byte_of(float steps, int32_t zero_point, int32_t low = 0, int32_t high = 255) {
    const double whole = std::nearbyint(double(steps)) + zero_point;
    return uint8_t(std::clamp(whole, double(low), double(high)));
}
inline uint8_t byte_of(float steps, const ByteResult& result) {
    const uint8_t byte = byte_of(steps, result.made.zero_point, result.low, result.high);
    return result.table ? result.table[byte] : byte;
}

/// Meanings of bytes: usual ones, those whose factors are powers of two (ties), and far ones.
inline const Affine affines[] = {{0.037f, 128}, {0.0041f, 0}, {0.5f, 3},   {1.0f, 255},
                                 {2.0f, 77},    {3e-20f, 10}, {1e20f, 200}};

inline std::string text_of(const Affine& affine) {
    return " " + std::to_string(affine.scale) + "/" + std::to_string(affine.zero_point);
}

inline float centred(uint8_t byte, int32_t zero_point) { return float(int32_t(byte) - zero_point); }

/// Any bytes; `extreme`: of 0 and 255 only.
inline Bytes random_bytes(uint32_t salt, size_t count, bool extreme = false) {
    std::mt19937 random(seed + salt);
    Bytes made(count);
    for (uint8_t& byte : made) byte = uint8_t(extreme ? 255 * (random() >> 7 & 1) : random() >> 7 & 255);
    return made;
}

/// A table in which every byte has another place.
inline ByteTable shuffled_table() {
    ByteTable table;
    for (int q = 0; q < 256; ++q) table[size_t(q)] = uint8_t(q * 167 + 13);
    return table;
}

/// Same bits, and nothing beside them.
template <class T>
void expect_same(const std::string& setting, const std::vector<T>& expected, const GuardedArray<T>& y) {
    if (!y.intact()) fail(setting, "wrote outside of the output");
    for (size_t i = 0; i < expected.size(); ++i) {
        if (std::memcmp(y.data() + i, &expected[i], sizeof(T)) == 0) continue;
        const std::string mine = std::to_string(float(y.data()[i])), wanted = std::to_string(float(expected[i]));
        return fail(setting, "output " + std::to_string(i) + " is " + mine + ", expected " + wanted);
    }
}

template <class Number>
std::string text_of_numbers(const char* name, const std::vector<Number>& numbers) {
    std::string text = name;
    for (const Number number : numbers) text += " " + std::to_string(number);
    return text;
}

/// The cases of files that are part of a larger program.
void add_byte_panel_cases(std::vector<Case>& cases);
void add_integer_depthwise_cases(std::vector<Case>& cases);
void add_integer_pooling_cases(std::vector<Case>& cases);
void check_quad_places();
void check_sums_end();

}  // namespace ubp
