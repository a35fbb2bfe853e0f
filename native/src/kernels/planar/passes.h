// Element-wise passes over rows of elements, and the sums and maxima that pooling and softmax need.
#pragma once

#include "kernels/loads.h"
#include "kernels/planar/planar.h"
#include "kernels/planar/vector_math.h"

namespace ubp {
namespace {

template <class T>
struct Clamped {
    Vector<T> low, high;
    explicit Clamped(const Pass<T>& pass) : low(spread<T>(pass.low)), high(spread<T>(pass.high)) {}
    UBP_INLINE Vector<T> clamp(Vector<T> v) const { return lesser(greater(v, low), high); }
};

template <class T>
struct Add : Clamped<T> {
    using Clamped<T>::Clamped;
    UBP_INLINE Vector<T> operator()(Vector<T> a, Vector<T> b) const { return this->clamp(plus(a, b)); }
};

template <class T>
struct Multiply : Clamped<T> {
    using Clamped<T>::Clamped;
    UBP_INLINE Vector<T> operator()(Vector<T> a, Vector<T> b) const { return this->clamp(times(a, b)); }
};

template <class T>
struct Clamp1 : Clamped<T> {
    using Clamped<T>::Clamped;
    UBP_INLINE Vector<T> operator()(Vector<T> a, Vector<T>) const { return this->clamp(a); }
};

// An activation, computed in floats whatever the elements are.
template <class T, class Function>
struct Curve {
    explicit Curve(const Pass<T>&) {}
    UBP_INLINE Vector<T> operator()(Vector<T> a, Vector<T>) const {
        if constexpr (lanes<T> == 4) {
            return Function::of(a);
        } else {
            return narrow(Function::of(widen_low(a)), Function::of(widen_high(a)));
        }
    }
};

struct HardSwish {
    static UBP_INLINE float32x4_t of(float32x4_t a) { return vmulq_f32(a, vector_hard_sigmoid(a)); }
};

struct Silu {
    static UBP_INLINE float32x4_t of(float32x4_t a) { return vmulq_f32(a, vector_sigmoid(a)); }
};

struct HardSigmoid {
    static UBP_INLINE float32x4_t of(float32x4_t a) { return vector_hard_sigmoid(a); }
};

struct Sigmoid {
    static UBP_INLINE float32x4_t of(float32x4_t a) { return vector_sigmoid(a); }
};

// Where the second input of a row comes from: nowhere, one element for the whole row, or an array.
enum class Second { none, scalar, array };

template <class T, class Op, Second second, int Vectors>
UBP_INLINE void pass_vectors(const Op& op, const T* a, const T* b, Vector<T> scalar, T* out) {
    Vector<T> va[Vectors], vb[Vectors];
    for (int v = 0; v < Vectors; ++v) {
        va[v] = load(a + lanes<T> * v);
        vb[v] = second == Second::array ? load(b + lanes<T> * v) : scalar;
    }
    for (int v = 0; v < Vectors; ++v) store(out + lanes<T> * v, op(va[v], vb[v]));
}

// The last elements of a row, less than a vector, go through a buffer, so that nothing is read or written behind it.
template <class T, class Op, Second second>
UBP_INLINE void pass_tail(const Op& op, const T* a, const T* b, Vector<T> scalar, T* out, int64_t count) {
    T parts[3][lanes<T>] = {};
    for (int64_t i = 0; i < count; ++i) parts[0][i] = a[i];
    for (int64_t i = 0; second == Second::array && i < count; ++i) parts[1][i] = b[i];
    pass_vectors<T, Op, second, 1>(op, parts[0], parts[1], scalar, parts[2]);
    for (int64_t i = 0; i < count; ++i) out[i] = parts[2][i];
}

template <class T, class Op, Second second>
void run_pass(const Pass<T>& pass) {
    constexpr int one = lanes<T>, four = 4 * one;
    const Op op(pass);
    for (int64_t row = 0; row < pass.rows; ++row) {
        const T* a = pass.a + row * pass.a_stride;
        const T* b = second == Second::none ? nullptr : pass.b + row * pass.b_stride;
        T* out = pass.out + row * pass.out_stride;
        const Vector<T> scalar = spread<T>(second == Second::scalar ? float(*b) : 0.0f);
        const int64_t step = second == Second::array ? 1 : 0;
        int64_t x = 0;
        for (; x + four <= pass.count; x += four)
            pass_vectors<T, Op, second, 4>(op, a + x, b + step * x, scalar, out + x);
        for (; x + one <= pass.count; x += one)
            pass_vectors<T, Op, second, 1>(op, a + x, b + step * x, scalar, out + x);
        if (x < pass.count) pass_tail<T, Op, second>(op, a + x, b + step * x, scalar, out + x, pass.count - x);
    }
}

// Sums of many short rows, as a tile's: all vectors of a row at once.
template <class T, int Vectors>
void add_short_rows(const Pass<T>& pass) {
    constexpr int one = lanes<T>;
    const Add<T> op(pass);
    const int64_t tail = pass.count - one * Vectors;
    const T *a = pass.a, *b = pass.b;
    T* out = pass.out;
    for (int64_t left = pass.rows; left > 0; --left) {
        Vector<T> sums[Vectors];
        for (int v = 0; v < Vectors; ++v) sums[v] = op(load(a + one * v), load(b + one * v));
        if (tail > 0)
            pass_tail<T, Add<T>, Second::array>(op, a + one * Vectors, b + one * Vectors, sums[0], out + one * Vectors,
                                                tail);
        store_together<Vectors>(out, sums);
        a += pass.a_stride, b += pass.b_stride, out += pass.out_stride;
    }
}

template <class T>
void run_add(const Pass<T>& pass) {
    if (pass.rows > 1) {
        switch (pass.count / lanes<T>) {
            case 1: return add_short_rows<T, 1>(pass);
            case 2: return add_short_rows<T, 2>(pass);
            case 3: return add_short_rows<T, 3>(pass);
            case 4: return add_short_rows<T, 4>(pass);
            case 5: return add_short_rows<T, 5>(pass);
        }
    }
    run_pass<T, Add<T>, Second::array>(pass);
}

UBP_INLINE float total(float32x4_t v) {
    return (vgetq_lane_f32(v, 0) + vgetq_lane_f32(v, 1)) + (vgetq_lane_f32(v, 2) + vgetq_lane_f32(v, 3));
}

// Four floats of a vector to one sum, or eight to two.
template <class T>
UBP_INLINE void add_vector(float32x4_t* sums, Vector<T> v) {
    if constexpr (lanes<T> == 4) {
        sums[0] = vaddq_f32(sums[0], v);
    } else {
        sums[0] = vaddq_f32(sums[0], widen_low(v));
        sums[1] = vaddq_f32(sums[1], widen_high(v));
    }
}

// In floats whatever the elements are.
template <class T>
float sum_of(const T* from, int64_t count) {
    constexpr int one = lanes<T>;
    float32x4_t acc[4];
    for (float32x4_t& v : acc) v = vdupq_n_f32(0.0f);
    int64_t x = 0;
    for (; x + 16 <= count; x += 16) {
        for (int v = 0; v < 16; v += one) add_vector<T>(acc + v / 4, load(from + x + v));
    }
    for (; x + one <= count; x += one) add_vector<T>(acc, load(from + x));
    float sum = total(vaddq_f32(vaddq_f32(acc[0], acc[1]), vaddq_f32(acc[2], acc[3])));
    for (; x < count; ++x) sum += float(from[x]);
    return sum;
}

// A NaN among them may be passed over.
float largest_of(const float* from, int64_t count) {
    float largest = from[0];
    int64_t x = 0;
    if (count >= 4) {
        float32x4_t acc = vld1q_f32(from);
        for (x = 4; x + 4 <= count; x += 4) acc = vmaxq_f32(acc, vld1q_f32(from + x));
        largest = vmaxvq_f32(acc);
    }
    for (; x < count; ++x) largest = from[x] > largest ? from[x] : largest;
    return largest;
}

float exponentials_of(const float* from, int64_t count, float largest, float* out) {
    const float32x4_t shift = vdupq_n_f32(largest);
    int64_t x = 0;
    for (; x + 4 <= count; x += 4) vst1q_f32(out + x, vector_exp(vsubq_f32(vld1q_f32(from + x), shift)));
    if (x < count) {
        float part[4] = {};
        for (int64_t i = x; i < count; ++i) part[i - x] = from[i] - largest;
        vst1q_f32(part, vector_exp(vld1q_f32(part)));
        for (int64_t i = x; i < count; ++i) out[i] = part[i - x];
    }
    return sum_of<float>(out, count);
}

}  // namespace
}  // namespace ubp
