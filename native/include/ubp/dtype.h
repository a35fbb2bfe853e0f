// The types of stored numbers: of weights in a layer, of tensors in a graph.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ubp {

enum class DType : uint32_t { fp32 = 0, fp16 = 1, int8 = 2 };

constexpr size_t element_bytes(DType dtype) { return dtype == DType::fp32 ? 4 : dtype == DType::fp16 ? 2 : 1; }

/// A number of IEEE binary16, 2 bytes. It converts to float exactly and from float to the nearest, ties to even; what
/// C++ computes with it is computed in float.
#if defined(__aarch64__)
using Half = __fp16;
#else
struct Half {
    _Float16 value;

    Half() = default;
    Half(float from) : value(static_cast<_Float16>(from)) {}
    operator float() const { return static_cast<float>(value); }
};
#endif
static_assert(sizeof(Half) == 2, "halves are two bytes in files and tensors");

/// The type of an element in memory.
template <class T>
constexpr DType dtype_of = DType::fp32;
template <>
inline constexpr DType dtype_of<Half> = DType::fp16;
template <>
inline constexpr DType dtype_of<int8_t> = DType::int8;

}  // namespace ubp
