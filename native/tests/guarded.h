// Arrays with guard words on both sides, to catch a kernel that writes outside.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "ubp/dtype.h"

namespace ubp {

template <class T>
class GuardedArray {
public:
    explicit GuardedArray(size_t count, float fill = 0.0f) : count_(count), words_(places(count) + 2 * guard, pattern) {
        std::fill_n(data(), count, T(fill));
    }
    explicit GuardedArray(const std::vector<float>& values) : GuardedArray(values.size()) {
        for (size_t i = 0; i < count_; ++i) data()[i] = T(values[i]);
    }

    T* data() { return reinterpret_cast<T*>(words_.data() + guard); }
    const T* data() const { return reinterpret_cast<const T*>(words_.data() + guard); }
    size_t size() const { return count_; }
    std::vector<float> floats() const { return std::vector<float>(data(), data() + count_); }

    bool intact() const {
        const auto is_pattern = [](uint32_t word) { return word == pattern; };
        const auto* const behind = reinterpret_cast<const unsigned char*>(data() + count_);
        const auto* const last = reinterpret_cast<const unsigned char*>(words_.data() + words_.size() - guard);
        const auto* const wanted = reinterpret_cast<const unsigned char*>(&pattern) + 4 - (last - behind);
        return std::equal(behind, last, wanted) && std::all_of(words_.begin(), words_.begin() + guard, is_pattern) &&
               std::all_of(words_.end() - guard, words_.end(), is_pattern);
    }

private:
    // A NaN, also as two halves: a value read from the guard shows in the result.
    static constexpr uint32_t pattern = sizeof(T) == 4 ? 0xffc0deadu : 0xfeadfeadu;
    static constexpr size_t guard = 32;
    // Words for so many elements; the last ones behind an odd number of halves are a guard, too.
    static size_t places(size_t count) { return (count * sizeof(T) + 3) / 4; }

    size_t count_;
    std::vector<uint32_t> words_;
};

using Guarded = GuardedArray<float>;

}  // namespace ubp
