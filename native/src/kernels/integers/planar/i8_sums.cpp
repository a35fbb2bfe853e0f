// Sums of bytes, and what becomes of sums: a row of any depthwise kernel, windows and planes of pooling.
#include "kernels/integers/planar/ending.h"
#include "kernels/integers/planar/planar.h"

namespace ubp {
namespace {

constexpr int one = 16;  // bytes of a vector

// Sixteen sums as fp32 in steps.
UBP_INLINE void steps_of_sums(const int32_t* sums, const float* factors, int64_t factor_step, float32x4_t* steps) {
    for (int j = 0; j < 4; ++j) {
        const float32x4_t factor = factor_step == 0 ? vdupq_n_f32(*factors) : vld1q_f32(factors + 4 * j);
        steps[j] = vmulq_f32(vcvtq_f32_s32(vld1q_s32(sums + 4 * j)), factor);
    }
}

UBP_INLINE void end_sixteen(const SumsEnd& end, const PassLimits<Ending::any>& limits, const int32_t* sums,
                            const float* factors, void* out) {
    float32x4_t steps[4];
    steps_of_sums(sums, factors, end.factor_step, steps);
    if (!end.fractions) return vst1q_u8(static_cast<uint8_t*>(out), bytes_of_steps(steps, limits));
    for (int j = 0; j < 4; ++j) vst1q_f32(static_cast<float*>(out) + 4 * j, steps[j]);
}

// acc + x * weight, sixteen of them.
UBP_INLINE void add_sixteen(int32x4_t* acc, int8x16_t x, int8_t weight) {
    const int16x8_t low = vmovl_s8(vget_low_s8(x)), high = vmovl_high_s8(x);
    acc[0] = vmlal_n_s16(acc[0], vget_low_s16(low), weight);
    acc[1] = vmlal_high_n_s16(acc[1], low, weight);
    acc[2] = vmlal_n_s16(acc[2], vget_low_s16(high), weight);
    acc[3] = vmlal_high_n_s16(acc[3], high, weight);
}

}  // namespace

void end_sums(const SumsEnd& end) {
    const PassLimits<Ending::any> limits(*end.limits);
    const int64_t element = end.fractions ? int64_t(sizeof(float)) : 1;
    char* const out = static_cast<char*>(end.out);
    int64_t x = 0;
    for (; x + one <= end.count; x += one)
        end_sixteen(end, limits, end.sums + x, end.factors + x * end.factor_step, out + x * element);
    if (x == end.count) return;
    // The last ones go through buffers, so that nothing is read or written behind them.
    int32_t sums[one] = {};
    float factors[one] = {}, made[one];
    for (int64_t i = x; i < end.count; ++i)
        sums[i - x] = end.sums[i], factors[i - x] = end.factors[i * end.factor_step];
    end_sixteen(end, limits, sums, factors, made);
    __builtin_memcpy(out + x * element, made, size_t((end.count - x) * element));
}

void add_byte_taps(const ByteTapRow& row) {
    for (int64_t x = 0; x < row.count; x += one) {
        int32x4_t acc[4];
        for (int32x4_t& v : acc) v = vdupq_n_s32(row.bias);
        for (int64_t tap = 0; tap < row.taps; ++tap)
            add_sixteen(acc, vld1q_s8(row.from + row.offsets[tap] + x), row.weights[tap]);
        for (int j = 0; j < 4; ++j) vst1q_s32(row.sums + x + 4 * j, acc[j]);
    }
}

void add_rows(const ByteRows& rows, int32_t zero_point, int32_t* out) {
    const int32_t less = int32_t(rows.row_count) * zero_point;
    int64_t x = 0;
    for (; x + one <= rows.count; x += one) {
        uint16x8_t low = vdupq_n_u16(0), high = low;
        for (int64_t r = 0; r < rows.row_count; ++r) {
            const uint8x16_t v = vld1q_u8(rows.rows[r] + x);
            low = vaddw_u8(low, vget_low_u8(v)), high = vaddw_high_u8(high, v);
        }
        const uint32x4_t sums[4] = {vmovl_u16(vget_low_u16(low)), vmovl_high_u16(low), vmovl_u16(vget_low_u16(high)),
                                    vmovl_high_u16(high)};
        for (int j = 0; j < 4; ++j) {
            const int32x4_t centred = vsubq_s32(vreinterpretq_s32_u32(sums[j]), vdupq_n_s32(less));
            vst1q_s32(out + x + 4 * j, vaddq_s32(vld1q_s32(out + x + 4 * j), centred));
        }
    }
    for (; x < rows.count; ++x) {
        out[x] -= less;
        for (int64_t r = 0; r < rows.row_count; ++r) out[x] += rows.rows[r][x];
    }
}

void add_taps(const Taps<int32_t>& taps, int32_t* out) {
    int64_t x = 0;
    for (; taps.stride == 1 && x + 4 <= taps.count; x += 4) {
        int32x4_t sum = vld1q_s32(taps.from + x);
        for (int64_t t = 1; t < taps.kernel; ++t) sum = vaddq_s32(sum, vld1q_s32(taps.from + x + t));
        vst1q_s32(out + x, sum);
    }
    for (; x < taps.count; ++x) {
        const int32_t* const from = taps.from + x * taps.stride;
        out[x] = from[0];
        for (int64_t t = 1; t < taps.kernel; ++t) out[x] += from[t];
    }
}

int64_t sum_of_bytes(const uint8_t* from, int64_t count) {
    constexpr int64_t part = int64_t{1} << 20;  // bytes whose sum four lanes of 32 bits hold
    int64_t total = 0, i = 0;
    while (i + one <= count) {
        uint32x4_t sums = vdupq_n_u32(0);
        const int64_t end = i + part < count ? i + part : count;
        for (; i + one <= end; i += one) sums = vpadalq_u16(sums, vpaddlq_u8(vld1q_u8(from + i)));
        total += vaddvq_u32(sums);
    }
    for (; i < count; ++i) total += from[i];
    return total;
}

}  // namespace ubp
