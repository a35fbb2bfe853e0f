#include "kernels/planar/convert.h"

#if defined(__aarch64__)
#include <arm_neon.h>
#else
#include <immintrin.h>
#endif

namespace ubp {
namespace {

// Four at a time: every core has these conversions, also those without fp16 arithmetic.
#if defined(__aarch64__)
void widen_four(const Half* from, float* to) { vst1q_f32(to, vcvt_f32_f16(vld1_f16(from))); }
void narrow_four(const float* from, Half* to) { vst1_f16(to, vcvt_f16_f32(vld1q_f32(from))); }
#else
void widen_four(const Half* from, float* to) {
    _mm_storeu_ps(to, _mm_cvtph_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
}
void narrow_four(const float* from, Half* to) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_cvtps_ph(_mm_loadu_ps(from), _MM_FROUND_TO_NEAREST_INT));
}
#endif

}  // namespace

void widen(const Half* from, float* to, int64_t count) {
    int64_t i = 0;
    for (; i + 4 <= count; i += 4) widen_four(from + i, to + i);
    for (; i < count; ++i) to[i] = float(from[i]);
}

void narrow(const float* from, Half* to, int64_t count) {
    int64_t i = 0;
    for (; i + 4 <= count; i += 4) narrow_four(from + i, to + i);
    for (; i < count; ++i) to[i] = Half(from[i]);
}

}  // namespace ubp
