// exp and the activations built on it, four floats at a time. Errors: exp 2 ulp, sigmoid 3 ulp (native/tests).
#pragma once

#include "kernels/neon.h"

namespace ubp {
namespace {

// exp(x) = 2^n * exp(r), n = round(x / ln 2), |r| <= ln 2 / 2; ln 2 in two parts, so that r is exact; exp(r) is
// 1 + r + r^2 p(r) with the p of degree 4 whose largest relative error is least: 0.05 ulp before rounding. Results
// below 2^-126 are 2^-126; x is cut at 88.
UBP_INLINE float32x4_t vector_exp(float32x4_t x) {
    x = vminq_f32(vmaxq_f32(x, vdupq_n_f32(-87.33654f)), vdupq_n_f32(88.0f));
    const float32x4_t n = vrndnq_f32(vmulq_f32(x, vdupq_n_f32(1.44269504f)));
    float32x4_t r = vfmaq_f32(x, n, vdupq_n_f32(-0.693145752f));
    r = vfmaq_f32(r, n, vdupq_n_f32(-1.42860677e-6f));
    float32x4_t p = vdupq_n_f32(1.381459879e-3f);
    p = vfmaq_f32(vdupq_n_f32(8.368716575e-3f), p, r);
    p = vfmaq_f32(vdupq_n_f32(4.166838899e-2f), p, r);
    p = vfmaq_f32(vdupq_n_f32(1.666652113e-1f), p, r);
    p = vfmaq_f32(vdupq_n_f32(0.49999994f), p, r);
    const float32x4_t e = vaddq_f32(vfmaq_f32(r, vmulq_f32(r, r), p), vdupq_n_f32(1.0f));
    const int32x4_t exponent = vshlq_n_s32(vcvtq_s32_f32(n), 23);
    return vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(e), exponent));
}

// 1 / x for 1 <= x < 2^127; NaN of NaN.
UBP_INLINE float32x4_t reciprocal(float32x4_t x) {
#if defined(__aarch64__)
    float32x4_t y = vrecpeq_f32(x);
    y = vmulq_f32(y, vrecpsq_f32(x, y));
    return vmulq_f32(y, vrecpsq_f32(x, y));
#else
    return vdivq_f32(vdupq_n_f32(1.0f), x);
#endif
}

// Below -87 it is 0, so that silu is -0 of large negative numbers and NaN of minus infinity, as x * sigmoid(x) is.
UBP_INLINE float32x4_t vector_sigmoid(float32x4_t x) {
    const float32x4_t y = reciprocal(vaddq_f32(vdupq_n_f32(1.0f), vector_exp(vnegq_f32(x))));
    const uint32x4_t tiny = vcltq_f32(x, vdupq_n_f32(-87.0f));
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(y), tiny));
}

UBP_INLINE float32x4_t vector_hard_sigmoid(float32x4_t x) {
    const float32x4_t shifted = vaddq_f32(x, vdupq_n_f32(3.0f));
    const float32x4_t cut = vminq_f32(vmaxq_f32(shifted, vdupq_n_f32(0.0f)), vdupq_n_f32(6.0f));
    return vmulq_f32(cut, vdupq_n_f32(1.0f / 6.0f));
}

}  // namespace
}  // namespace ubp
