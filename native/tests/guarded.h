// Float arrays with guard words on both sides, to catch a kernel that writes outside.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace ubp {

class Guarded {
public:
    explicit Guarded(size_t count, float fill = 0.0f) : count_(count), words_(count + 2 * guard, pattern) {
        std::fill_n(data(), count, fill);
    }
    explicit Guarded(const std::vector<float>& values) : Guarded(values.size()) {
        std::copy(values.begin(), values.end(), data());
    }

    float* data() { return reinterpret_cast<float*>(words_.data() + guard); }
    const float* data() const { return reinterpret_cast<const float*>(words_.data() + guard); }
    size_t size() const { return count_; }

    bool intact() const {
        const auto is_pattern = [](uint32_t word) { return word == pattern; };
        return std::all_of(words_.begin(), words_.begin() + guard, is_pattern) &&
               std::all_of(words_.end() - guard, words_.end(), is_pattern);
    }

private:
    static constexpr size_t guard = 32;
    static constexpr uint32_t pattern = 0xffc0dead;  // a NaN: a value read from the guard shows in the result
    size_t count_;
    std::vector<uint32_t> words_;
};

}  // namespace ubp
