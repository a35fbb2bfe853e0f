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
void convert_four(const Half* from, float* to) { vst1q_f32(to, vcvt_f32_f16(vld1_f16(from))); }
void convert_four(const float* from, Half* to) { vst1_f16(to, vcvt_f16_f32(vld1q_f32(from))); }

void convert_sixteen(const Half* from, float* to) {
    const float16x8_t a = vld1q_f16(from), b = vld1q_f16(from + 8);
    const float32x4x4_t wide = {
        {vcvt_f32_f16(vget_low_f16(a)), vcvt_high_f32_f16(a), vcvt_f32_f16(vget_low_f16(b)), vcvt_high_f32_f16(b)}};
    vst1q_f32_x4(to, wide);
}
void convert_sixteen(const float* from, Half* to) {
    const float32x4x4_t wide = vld1q_f32_x4(from);
    vst1q_f16(to, vcvt_high_f16_f32(vcvt_f16_f32(wide.val[0]), wide.val[1]));
    vst1q_f16(to + 8, vcvt_high_f16_f32(vcvt_f16_f32(wide.val[2]), wide.val[3]));
}
#else
void convert_four(const Half* from, float* to) {
    _mm_storeu_ps(to, _mm_cvtph_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
}
void convert_four(const float* from, Half* to) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_cvtps_ph(_mm_loadu_ps(from), _MM_FROUND_TO_NEAREST_INT));
}

template <class From, class To>
void convert_sixteen(const From* from, To* to) {
    for (int i = 0; i < 16; i += 4) convert_four(from + i, to + i);
}
#endif

// The last vector of a row lies over the one before where the row is not a multiple of four.
template <class From, class To>
void convert(const RowConversion<From, To>& rows) {
    const From* from = rows.from;
    To* to = rows.to;
    const int64_t count = rows.count;
    for (int64_t r = 0; r < rows.rows; ++r, from += rows.from_stride, to += rows.to_stride) {
        int64_t i = 0;
        for (; i + 16 <= count; i += 16) convert_sixteen(from + i, to + i);
        for (; i + 4 <= count; i += 4) convert_four(from + i, to + i);
        if (i == count) continue;
        if (count >= 4) convert_four(from + count - 4, to + count - 4);
        else
            for (; i < count; ++i) to[i] = To(from[i]);
    }
}

}  // namespace

void widen(const RowConversion<Half, float>& conversion) { convert(conversion); }
void narrow(const RowConversion<float, Half>& conversion) { convert(conversion); }

}  // namespace ubp
