// Element-wise passes over rows of floats, and the sums and maxima that pooling and softmax need.
#pragma once

#include "kernels/planar/planar.h"
#include "kernels/planar/vector_math.h"

namespace ubp {
namespace {

struct Clamped {
    float32x4_t low, high;
    explicit Clamped(const Pass& pass) : low(vdupq_n_f32(pass.low)), high(vdupq_n_f32(pass.high)) {}
    UBP_INLINE float32x4_t clamp(float32x4_t v) const { return vminq_f32(vmaxq_f32(v, low), high); }
};

struct Add : Clamped {
    using Clamped::Clamped;
    UBP_INLINE float32x4_t operator()(float32x4_t a, float32x4_t b) const { return clamp(vaddq_f32(a, b)); }
};

struct Multiply : Clamped {
    using Clamped::Clamped;
    UBP_INLINE float32x4_t operator()(float32x4_t a, float32x4_t b) const { return clamp(vmulq_f32(a, b)); }
};

struct Clamp1 : Clamped {
    using Clamped::Clamped;
    UBP_INLINE float32x4_t operator()(float32x4_t a, float32x4_t) const { return clamp(a); }
};

struct HardSwish {
    explicit HardSwish(const Pass&) {}
    UBP_INLINE float32x4_t operator()(float32x4_t a, float32x4_t) const { return vmulq_f32(a, vector_hard_sigmoid(a)); }
};

struct Silu {
    explicit Silu(const Pass&) {}
    UBP_INLINE float32x4_t operator()(float32x4_t a, float32x4_t) const { return vmulq_f32(a, vector_sigmoid(a)); }
};

struct HardSigmoid {
    explicit HardSigmoid(const Pass&) {}
    UBP_INLINE float32x4_t operator()(float32x4_t a, float32x4_t) const { return vector_hard_sigmoid(a); }
};

struct Sigmoid {
    explicit Sigmoid(const Pass&) {}
    UBP_INLINE float32x4_t operator()(float32x4_t a, float32x4_t) const { return vector_sigmoid(a); }
};

// Where the second input of a row comes from: nowhere, one float for the whole row, or an array.
enum class Second { none, scalar, array };

template <class Op, Second second, int Vectors>
UBP_INLINE void pass_vectors(const Op& op, const float* a, const float* b, float32x4_t scalar, float* out) {
    float32x4_t va[Vectors], vb[Vectors];
    for (int v = 0; v < Vectors; ++v) {
        va[v] = vld1q_f32(a + 4 * v);
        vb[v] = second == Second::array ? vld1q_f32(b + 4 * v) : scalar;
    }
    for (int v = 0; v < Vectors; ++v) vst1q_f32(out + 4 * v, op(va[v], vb[v]));
}

// The last one to three floats of a row go through a buffer, so that nothing is read or written behind it.
template <class Op, Second second>
UBP_INLINE void pass_tail(const Op& op, const float* a, const float* b, float32x4_t scalar, float* out, int64_t count) {
    float parts[3][4] = {};
    for (int64_t i = 0; i < count; ++i) parts[0][i] = a[i];
    for (int64_t i = 0; second == Second::array && i < count; ++i) parts[1][i] = b[i];
    pass_vectors<Op, second, 1>(op, parts[0], parts[1], scalar, parts[2]);
    for (int64_t i = 0; i < count; ++i) out[i] = parts[2][i];
}

template <class Op, Second second>
void run_pass(const Pass& pass) {
    const Op op(pass);
    for (int64_t row = 0; row < pass.rows; ++row) {
        const float* a = pass.a + row * pass.a_stride;
        const float* b = second == Second::none ? nullptr : pass.b + row * pass.b_stride;
        float* out = pass.out + row * pass.out_stride;
        const float32x4_t scalar = vdupq_n_f32(second == Second::scalar ? *b : 0.0f);
        const int64_t step = second == Second::array ? 1 : 0;
        int64_t x = 0;
        for (; x + 16 <= pass.count; x += 16) pass_vectors<Op, second, 4>(op, a + x, b + step * x, scalar, out + x);
        for (; x + 4 <= pass.count; x += 4) pass_vectors<Op, second, 1>(op, a + x, b + step * x, scalar, out + x);
        if (x < pass.count) pass_tail<Op, second>(op, a + x, b + step * x, scalar, out + x, pass.count - x);
    }
}

// Sums of many short rows, as a tile's: all vectors of a row at once.
template <int Vectors>
void add_short_rows(const Pass& pass) {
    const Add op(pass);
    const int64_t tail = pass.count - 4 * Vectors;
    const float *a = pass.a, *b = pass.b;
    float* out = pass.out;
    for (int64_t left = pass.rows; left > 0; --left) {
        float32x4_t sums[Vectors];
        for (int v = 0; v < Vectors; ++v) sums[v] = op(vld1q_f32(a + 4 * v), vld1q_f32(b + 4 * v));
        if (tail > 0)
            pass_tail<Add, Second::array>(op, a + 4 * Vectors, b + 4 * Vectors, sums[0], out + 4 * Vectors, tail);
        store_together<Vectors>(out, sums);
        a += pass.a_stride, b += pass.b_stride, out += pass.out_stride;
    }
}

void run_add(const Pass& pass) {
    if (pass.rows > 1) {
        switch (pass.count / 4) {
            case 1: return add_short_rows<1>(pass);
            case 2: return add_short_rows<2>(pass);
            case 3: return add_short_rows<3>(pass);
            case 4: return add_short_rows<4>(pass);
            case 5: return add_short_rows<5>(pass);
        }
    }
    run_pass<Add, Second::array>(pass);
}

UBP_INLINE float total(float32x4_t v) {
    return (vgetq_lane_f32(v, 0) + vgetq_lane_f32(v, 1)) + (vgetq_lane_f32(v, 2) + vgetq_lane_f32(v, 3));
}

float sum_of(const float* from, int64_t count) {
    float32x4_t acc[4];
    for (float32x4_t& v : acc) v = vdupq_n_f32(0.0f);
    int64_t x = 0;
    for (; x + 16 <= count; x += 16) {
        for (int v = 0; v < 4; ++v) acc[v] = vaddq_f32(acc[v], vld1q_f32(from + x + 4 * v));
    }
    for (; x + 4 <= count; x += 4) acc[0] = vaddq_f32(acc[0], vld1q_f32(from + x));
    float sum = total(vaddq_f32(vaddq_f32(acc[0], acc[1]), vaddq_f32(acc[2], acc[3])));
    for (; x < count; ++x) sum += from[x];
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
    return sum_of(out, count);
}

}  // namespace
}  // namespace ubp
