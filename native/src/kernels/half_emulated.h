// Vectors of halves on x86 with F16C: they are held as floats, and every result is rounded to a half. A fused
// multiply-add is rounded twice, to a float and then to a half, so it may be off by one unit in the last place from
// ARM64's; everything else is the same to the bit. Correct, not fast.
#pragma once

#include <immintrin.h>

#include "kernels/neon.h"
#include "ubp/dtype.h"

namespace ubp {
namespace {

struct Half8 {
    __m256 v;
};
struct Half4 {
    __m128 v;
};

UBP_INLINE Half8 rounded(__m256 v) { return {_mm256_cvtph_ps(_mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT))}; }
UBP_INLINE Half4 rounded(__m128 v) { return {_mm_cvtph_ps(_mm_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT))}; }

template <>
struct Register<Half, 8> {
    using type = Half8;
    static UBP_INLINE type load(const Half* from) {
        return {_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)))};
    }
};
template <>
struct Register<Half, 4> {
    using type = Half4;
    static UBP_INLINE type load(const Half* from) {
        return {_mm_cvtph_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)))};
    }
    template <int Count>
    static UBP_INLINE void load_group(type* to, const Half* from) {
        for (int j = 0; j < Count; ++j) to[j] = load(from + 4 * j);
    }
};
template <>
struct Register<Half, 2> {
    using type = Half4;
    static UBP_INLINE type load(const Half* from) { return {_mm_setr_ps(from[0], from[1], 0.0f, 0.0f)}; }
};
template <>
struct Register<Half, 1> {
    using type = Half;
    static UBP_INLINE type load(const Half* from) { return *from; }
};

template <>
UBP_INLINE Half8 spread<Half>(float value) {
    return {_mm256_set1_ps(Half(value))};
}

UBP_INLINE Half8 spread_like(Half8, const Half* value) { return {_mm256_set1_ps(*value)}; }
UBP_INLINE Half4 spread_like(Half4, const Half* value) { return {_mm_set1_ps(*value)}; }
UBP_INLINE Half8 spread_one(const Half* value) { return {_mm256_set1_ps(*value)}; }

UBP_INLINE Half8 load(const Half* from) { return Register<Half, 8>::load(from); }
UBP_INLINE void store(Half* to, Half8 v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_cvtps_ph(v.v, _MM_FROUND_TO_NEAREST_INT));
}
UBP_INLINE Half8 plus(Half8 a, Half8 b) { return rounded(_mm256_add_ps(a.v, b.v)); }
UBP_INLINE Half8 minus(Half8 a, Half8 b) { return rounded(_mm256_sub_ps(a.v, b.v)); }
UBP_INLINE Half8 times(Half8 a, Half8 b) { return rounded(_mm256_mul_ps(a.v, b.v)); }
UBP_INLINE Half8 times_scalar(Half8 a, Half b) { return rounded(_mm256_mul_ps(a.v, _mm256_set1_ps(b))); }

// Of a NaN and another, NaN, as on ARM64.
UBP_INLINE Half8 lesser(Half8 a, Half8 b) {
    return {_mm256_blendv_ps(_mm256_min_ps(a.v, b.v), _mm256_add_ps(a.v, b.v), _mm256_cmp_ps(a.v, b.v, _CMP_UNORD_Q))};
}
UBP_INLINE Half8 greater(Half8 a, Half8 b) {
    return {_mm256_blendv_ps(_mm256_max_ps(a.v, b.v), _mm256_add_ps(a.v, b.v), _mm256_cmp_ps(a.v, b.v, _CMP_UNORD_Q))};
}
UBP_INLINE Half4 lesser(Half4 a, Half4 b) {
    return {_mm_blendv_ps(_mm_min_ps(a.v, b.v), _mm_add_ps(a.v, b.v), _mm_cmpunord_ps(a.v, b.v))};
}
UBP_INLINE Half4 greater(Half4 a, Half4 b) {
    return {_mm_blendv_ps(_mm_max_ps(a.v, b.v), _mm_add_ps(a.v, b.v), _mm_cmpunord_ps(a.v, b.v))};
}

UBP_INLINE Half8 evens(Half8 a, Half8 b) {
    const __m256 mixed = _mm256_shuffle_ps(a.v, b.v, _MM_SHUFFLE(2, 0, 2, 0));
    return {_mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(mixed), _MM_SHUFFLE(3, 1, 2, 0)))};
}
UBP_INLINE Half8 odds(Half8 a, Half8 b) {
    const __m256 mixed = _mm256_shuffle_ps(a.v, b.v, _MM_SHUFFLE(3, 1, 3, 1));
    return {_mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(mixed), _MM_SHUFFLE(3, 1, 2, 0)))};
}

UBP_INLINE Half8 interleave_low(Half8 a, Half8 b) {
    const __m256 even = _mm256_unpacklo_ps(a.v, b.v), odd = _mm256_unpackhi_ps(a.v, b.v);
    return {_mm256_permute2f128_ps(even, odd, 0x20)};
}
UBP_INLINE Half8 interleave_high(Half8 a, Half8 b) {
    const __m256 even = _mm256_unpacklo_ps(a.v, b.v), odd = _mm256_unpackhi_ps(a.v, b.v);
    return {_mm256_permute2f128_ps(even, odd, 0x31)};
}

// Vector j: elements j, j + Step, ...
template <int Step>
UBP_INLINE void split(const Half* from, Half8* to) {
    for (int j = 0; j < Step; ++j) {
        Half some[8];
        for (int lane = 0; lane < 8; ++lane) some[lane] = from[Step * lane + j];
        to[j] = load(some);
    }
}
UBP_INLINE void split_four(const Half* from, Half8* to) { split<4>(from, to); }
UBP_INLINE void split_two(const Half* from, Half8* to) { split<2>(from, to); }

template <int Count>
UBP_INLINE Half8 load_pieces(const Half* const* from, int64_t offset) {
    Half some[8];
    for (int lane = 0; lane < 8; ++lane) some[lane] = from[lane / Count][offset + lane % Count];
    return load(some);
}
template <int Count, int Piece>
UBP_INLINE void store_piece(Half* to, Half8 v) {
    for (int i = 0; i < Count; ++i) to[i] = Half(v.v[Count * Piece + i]);
}

struct Mask8 {
    __m256 v;
};
template <>
struct MaskOf<Half> {
    using type = Mask8;
};
UBP_INLINE Half8 keep_lanes(Half8 v, Mask8 mask) { return {_mm256_and_ps(v.v, mask.v)}; }
template <>
UBP_INLINE Mask8 inside_mask<Half>(int64_t first, int step, int64_t width) {
    alignas(32) int32_t kept[8];
    for (int lane = 0; lane < 8; ++lane) kept[lane] = uint64_t(first + lane * step) < uint64_t(width) ? -1 : 0;
    return {_mm256_castsi256_ps(_mm256_load_si256(reinterpret_cast<const __m256i*>(kept)))};
}

template <int Lane>
UBP_INLINE Half8 load_lane(const Half* from, Half8 v) {
    return {_mm256_blend_ps(v.v, _mm256_set1_ps(*from), 1 << Lane)};
}
template <int Lane>
UBP_INLINE Half4 load_lane(const Half* from, Half4 v) {
    return {_mm_blend_ps(v.v, _mm_set1_ps(*from), 1 << Lane)};
}
template <int Lane>
UBP_INLINE void store_lane(Half* to, Half8 v) {
    *to = Half(v.v[Lane]);
}
template <int Lane>
UBP_INLINE void store_lane(Half* to, Half4 v) {
    *to = Half(v.v[Lane]);
}

UBP_INLINE void store_first(Half* to, Half8 v, int64_t count) {
    for (int64_t i = 0; i < count; ++i) to[i] = Half(v.v[i]);
}

UBP_INLINE Half8 fma_scalar(Half8 acc, Half8 x, Half w) {
    return rounded(_mm256_fmadd_ps(x.v, _mm256_set1_ps(w), acc.v));
}
UBP_INLINE Half4 fma_scalar(Half4 acc, Half4 x, Half w) { return rounded(_mm_fmadd_ps(x.v, _mm_set1_ps(w), acc.v)); }
template <int Lane>
UBP_INLINE Half8 fma_lane(Half8 acc, Half8 x, Half8 w) {
    return rounded(_mm256_fmadd_ps(x.v, _mm256_set1_ps(w.v[Lane]), acc.v));
}
template <int Lane>
UBP_INLINE Half8 fma_lane(Half8 acc, Half8 x, Half4 w) {
    return rounded(_mm256_fmadd_ps(x.v, _mm256_set1_ps(w.v[Lane]), acc.v));
}
template <int Lane>
UBP_INLINE Half8 fma_lane(Half8 acc, Half8 x, Half w) {
    static_assert(Lane == 0, "a number has one lane");
    return fma_scalar(acc, x, w);
}

UBP_INLINE float32x4_t widen_low(Half8 v) {
    alignas(32) float floats[8];
    _mm256_store_ps(floats, v.v);
    return vld1q_f32(floats);
}
UBP_INLINE float32x4_t widen_high(Half8 v) {
    alignas(32) float floats[8];
    _mm256_store_ps(floats, v.v);
    return vld1q_f32(floats + 4);
}
UBP_INLINE Half8 narrow(float32x4_t low, float32x4_t high) {
    alignas(32) float floats[8];
    vst1q_f32(floats, low);
    vst1q_f32(floats + 4, high);
    return rounded(_mm256_load_ps(floats));
}

}  // namespace
}  // namespace ubp
