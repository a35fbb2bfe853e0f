// The one-dimensional transforms of F(M, 3): a tile's are these on its columns, then on its rows. The weights' are in
// operator/winograd/winograd_weights.cpp.
#pragma once

#include "kernels/loads.h"
#include "kernels/winograd/points.h"

namespace ubp {
namespace {

template <int M>
struct Transform;

// Products by an even and an odd part serve a point and its opposite.
UBP_INLINE void add_and_subtract(float32x4_t even, float32x4_t odd, float point, float32x4_t* out) {
    out[0] = fma_scalar(even, odd, point);
    out[1] = fma_scalar(even, odd, -point);
}

template <>
struct Transform<4> {
    using P = WinogradPoints<4>;
    static constexpr float q = P::q, qq = P::q * P::q, qqq = P::q * P::q * P::q;

    static UBP_INLINE void input(const float32x4_t* d, float32x4_t* out) {
        out[0] = fma_scalar(fma_scalar(d[4], d[2], -(1 + qq)), d[0], qq);
        const float32x4_t even = fma_scalar(d[4], d[2], -qq), odd = fma_scalar(d[3], d[1], -qq);
        out[1] = vaddq_f32(even, odd);
        out[2] = vsubq_f32(even, odd);
        add_and_subtract(vsubq_f32(d[4], d[2]), vsubq_f32(d[3], d[1]), q, out + 3);
        out[5] = fma_scalar(fma_scalar(d[5], d[3], -(1 + qq)), d[1], qq);
    }

    static UBP_INLINE void output(const float32x4_t* m, float32x4_t* out) {
        const float32x4_t sum = vaddq_f32(m[1], m[2]), difference = vsubq_f32(m[1], m[2]);
        const float32x4_t sum_q = vaddq_f32(m[3], m[4]), difference_q = vsubq_f32(m[3], m[4]);
        out[0] = vaddq_f32(vaddq_f32(m[0], sum), sum_q);
        out[1] = fma_scalar(difference, difference_q, q);
        out[2] = fma_scalar(sum, sum_q, qq);
        out[3] = fma_scalar(vaddq_f32(difference, m[5]), difference_q, qqq);
    }
};

template <>
struct Transform<6> {
    using P = WinogradPoints<6>;
    static constexpr double a = P::q * P::q, b = P::r * P::r;
    static constexpr float q = P::q, r = P::r;

    // Of the point p with the other two squares s and t: even d6 - (s + t) d4 + s t d2, odd d5 - (s + t) d3 + s t d1.
    static UBP_INLINE void pair(const float32x4_t* d, double s, double t, float p, float32x4_t* out) {
        const float sum = float(-(s + t)), product = float(s * t);
        const float32x4_t even = fma_scalar(fma_scalar(d[6], d[4], sum), d[2], product);
        const float32x4_t odd = fma_scalar(fma_scalar(d[5], d[3], sum), d[1], product);
        add_and_subtract(even, odd, p, out);
    }

    // d[6] - e1 d[4] + e2 d[2] - e3 d[0], with the elementary symmetric functions of the three squares.
    static UBP_INLINE float32x4_t end(const float32x4_t* d) {
        constexpr float e1 = -(1 + a + b), e2 = a + b + a * b, e3 = -(a * b);
        return fma_scalar(fma_scalar(fma_scalar(d[6], d[4], e1), d[2], e2), d[0], e3);
    }

    static UBP_INLINE void input(const float32x4_t* d, float32x4_t* out) {
        out[0] = end(d);
        pair(d, a, b, 1.0f, out + 1);
        pair(d, 1, b, q, out + 3);
        pair(d, 1, a, r, out + 5);
        out[7] = end(d + 1);
    }

    static UBP_INLINE float32x4_t weigh(float32x4_t one, float32x4_t at_q, float32x4_t at_r, double q, double r) {
        return fma_scalar(fma_scalar(one, at_q, float(q)), at_r, float(r));
    }

    static UBP_INLINE void output(const float32x4_t* m, float32x4_t* out) {
        const float32x4_t sum = vaddq_f32(m[1], m[2]), difference = vsubq_f32(m[1], m[2]);
        const float32x4_t sum_q = vaddq_f32(m[3], m[4]), difference_q = vsubq_f32(m[3], m[4]);
        const float32x4_t sum_r = vaddq_f32(m[5], m[6]), difference_r = vsubq_f32(m[5], m[6]);
        out[0] = vaddq_f32(vaddq_f32(m[0], sum), vaddq_f32(sum_q, sum_r));
        out[1] = weigh(difference, difference_q, difference_r, P::q, P::r);
        out[2] = weigh(sum, sum_q, sum_r, a, b);
        out[3] = weigh(difference, difference_q, difference_r, P::q * a, P::r * b);
        out[4] = weigh(sum, sum_q, sum_r, a * a, b * b);
        out[5] = weigh(vaddq_f32(difference, m[7]), difference_q, difference_r, P::q * a * a, P::r * b * b);
    }
};

}  // namespace
}  // namespace ubp
