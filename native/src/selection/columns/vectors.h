// Eight doubles at a time, by the vector extensions of the compiler: two registers of AVX2, four of NEON.
#pragma once
#include <cstdint>
#include <cstring>

#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace ubp::selection {

// Vectors pass between inline functions of one file only.
#pragma GCC diagnostic ignored "-Wpsabi"

using Vec = double __attribute__((vector_size(64)));
using Mask = int64_t __attribute__((vector_size(64)));
using Floats = float __attribute__((vector_size(32), aligned(4)));
constexpr int kLanes = 8;
constexpr int64_t kMaxBlock = 32;

inline Vec splat(double x) { return Vec{x, x, x, x, x, x, x, x}; }
inline Vec load(const double* p) { return *reinterpret_cast<const Vec*>(p); }
inline void store(double* p, Vec v) { *reinterpret_cast<Vec*>(p) = v; }
inline Vec widen(const float* p) { return __builtin_convertvector(*reinterpret_cast<const Floats*>(p), Vec); }

inline unsigned bits_of(Mask mask) {
#if defined(__AVX__)
    __m256d halves[2];
    std::memcpy(halves, &mask, sizeof halves);
    return static_cast<unsigned>(_mm256_movemask_pd(halves[0]) | _mm256_movemask_pd(halves[1]) << 4);
#else
    unsigned bits = 0;
    for (int lane = 0; lane < kLanes; ++lane) bits |= (mask[lane] & 1u) << lane;
    return bits;
#endif
}

}  // namespace ubp::selection
