// Pooling of one output row in two steps: the window's rows are combined into one row, then its taps.
#pragma once

#include "kernels/loads.h"
#include "kernels/planar/planar.h"

namespace ubp {
namespace {

// Of a NaN and another, NaN.
struct TakeLargest {
    template <class V>
    static UBP_INLINE V of(V a, V b) {
        return greater(a, b);
    }
    static UBP_INLINE float of(float a, float b) { return a > b || a != a ? a : b; }
};

struct TakeSum {
    static UBP_INLINE float32x4_t of(float32x4_t a, float32x4_t b) { return vaddq_f32(a, b); }
    static UBP_INLINE float of(float a, float b) { return a + b; }
};

// A kernel that only floats have; null in the table of halves.
template <class T, class Function>
constexpr auto only_floats(Function function) {
    if constexpr (lanes<T> == 4) {
        return function;
    } else {
        return nullptr;
    }
}

// out[x] = all rows' values at x, combined.
template <class T, class Take>
void pool_rows(const PoolRows<T>& pool) {
    constexpr int one = lanes<T>;
    int64_t x = 0;
    for (; x + 2 * one <= pool.count; x += 2 * one) {
        Vector<T> low = load(pool.rows[0] + x), high = load(pool.rows[0] + x + one);
        for (int64_t r = 1; r < pool.row_count; ++r) {
            low = Take::of(low, load(pool.rows[r] + x));
            high = Take::of(high, load(pool.rows[r] + x + one));
        }
        store(pool.out + x, low);
        store(pool.out + x + one, high);
    }
    for (; x < pool.count; ++x) {
        float v = pool.rows[0][x];
        for (int64_t r = 1; r < pool.row_count; ++r) v = Take::of(v, float(pool.rows[r][x]));
        pool.out[x] = T(v);
    }
}

// A vector of outputs from `from` on: every first or every second element.
template <int Stride, class T>
UBP_INLINE Vector<T> load_every(const T* from) {
    if constexpr (Stride == 1) return load(from);
    return evens(load(from), load(from + lanes<T>));
}

template <class T, class Take, int Stride>
UBP_INLINE int64_t pool_vectors(const PoolTaps<T>& pool) {
    int64_t x = 0;
    for (; x + lanes<T> <= pool.count; x += lanes<T>) {
        const T* from = pool.from + x * Stride;
        Vector<T> v = load_every<Stride>(from);
        for (int64_t t = 1; t < pool.kernel; ++t) v = Take::of(v, load_every<Stride>(from + t));
        store(pool.out + x, v);
    }
    return x;
}

template <class T, class Take>
void pool_taps(const PoolTaps<T>& pool) {
    int64_t x = 0;
    if (pool.stride == 1) x = pool_vectors<T, Take, 1>(pool);
    if (pool.stride == 2) x = pool_vectors<T, Take, 2>(pool);
    for (; x < pool.count; ++x) {
        const T* from = pool.from + x * pool.stride;
        float v = from[0];
        for (int64_t t = 1; t < pool.kernel; ++t) v = Take::of(v, float(from[t]));
        pool.out[x] = T(v);
    }
}

}  // namespace
}  // namespace ubp
