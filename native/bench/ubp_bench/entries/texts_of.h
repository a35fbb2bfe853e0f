// Shapes and checksums as the fields show them.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "file/crc32.h"

namespace ubp::bench {

inline std::string pair_text(int64_t down, int64_t across) {
    return std::to_string(down) + "x" + std::to_string(across);
}

inline std::string shape_text(int64_t batch, int64_t channels, int64_t height, int64_t width) {
    return std::to_string(batch) + "x" + std::to_string(channels) + "x" + pair_text(height, width);
}

/// T: float or uint8_t.
template <class T>
std::string checksum_of(const T* y, size_t count) {
    char text[16];
    const uint32_t value = file::crc32(reinterpret_cast<const uint8_t*>(y), count * sizeof(T));
    std::snprintf(text, sizeof text, "%08x", value);
    return text;
}

}  // namespace ubp::bench
