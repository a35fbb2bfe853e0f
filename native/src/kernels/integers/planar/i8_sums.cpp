// Sums of bytes, and what becomes of sums: a row of any depthwise kernel, windows and planes of pooling.
#include "kernels/integers/planar/ending.h"
#include "kernels/integers/planar/planar.h"

namespace ubp {
namespace {

constexpr int one = 16;  // bytes of a vector

// Of one row: its first sum, what is added to it, and its factor or factors.
struct EndRow {
    const int32_t* sums;
    const uint8_t* addend;
    const float* factors;
};

// 4 * Count bytes, and anything behind them.
template <int Count>
UBP_INLINE uint8x16_t load_fours(const uint8_t* from) {
    if constexpr (Count == 4) return vld1q_u8(from);
    uint32x4_t words = vdupq_n_u32(0);
    uint32_t last;
    __builtin_memcpy(&last, from + 4 * (Count - 1), 4);
    if constexpr (Count > 1) words = vreinterpretq_u32_u8(vcombine_u8(vld1_u8(from), vdup_n_u8(0)));
    return vreinterpretq_u8_u32(vsetq_lane_u32(last, words, Count - 1));
}

// Steps of 4 * Count sums. `each`: factors lie as the sums do.
template <int Count, bool each, bool added>
struct Steps {
    float32x4_t v[Count];

    UBP_INLINE Steps(const EndRow& row, const ByteFloats& floats, float addend_factor) {
        for (int j = 0; j < Count; ++j) {
            const float32x4_t factor = each ? vld1q_f32(row.factors + 4 * j) : vdupq_n_f32(*row.factors);
            v[j] = vmulq_f32(vcvtq_f32_s32(vld1q_s32(row.sums + 4 * j)), factor);
        }
        if constexpr (added) {
            float32x4_t numbers[4];
            floats.of(load_fours<Count>(row.addend), numbers);
            for (int j = 0; j < Count; ++j) v[j] = vaddq_f32(v[j], vmulq_n_f32(numbers[j], addend_factor));
        }
    }
};

// How steps become bytes, and how they become numbers.
struct ToBytes {
    using Out = uint8_t;
    const PassLimits<Ending::any> limits;

    template <int Count>
    UBP_INLINE void store(const float32x4_t* steps, uint8_t* out) const {
        PassEnd<Count, Ending::any> end;
        for (int j = 0; j < Count; ++j) end.steps[j] = steps[j];
        run_end<1>(end, 1.0f, limits);
        end.store(out);
    }
};

struct ToFloats {
    using Out = float;
    const float32x4_t low, high;

    template <int Count>
    UBP_INLINE void store(const float32x4_t* steps, float* out) const {
        for (int j = 0; j < Count; ++j) vst1q_f32(out + 4 * j, vminq_f32(vmaxq_f32(steps[j], low), high));
    }
};

template <bool each, bool added, class To>
struct SumsPass {
    using Out = typename To::Out;
    const To to;
    const ByteFloats floats;
    const float addend_factor;

    SumsPass(const SumsEnd& end, const To& result)
        : to(result), floats(end.addend_zero), addend_factor(end.addend_factor) {}

    template <int Count>
    UBP_INLINE void run(const EndRow& row, Out* out) const {
        to.template store<Count>(Steps<Count, each, added>(row, floats, addend_factor).v, out);
    }

    // 4 * Fours sums.
    template <int Fours>
    UBP_INLINE void run_fours(const EndRow& row, Out* out) const {
        run<(Fours < 4 ? Fours : 4)>(row, out);
        if constexpr (Fours > 4) run_fours<Fours - 4>(moved(row, one), out + one);
    }

    static UBP_INLINE EndRow moved(const EndRow& row, int64_t x) {
        return {row.sums + x, added ? row.addend + x : nullptr, row.factors + (each ? x : 0)};
    }

    // Less than four go through buffers, so that nothing is read or written behind them.
    UBP_INLINE void run_last(const EndRow& row, int64_t count, Out* out) const {
        int32_t sums[4] = {};
        uint8_t addend[4] = {};
        float factors[4] = {row.factors[0]};
        Out made[4];
        __builtin_memcpy(sums, row.sums, size_t(count) * sizeof(int32_t));
        if (added) __builtin_memcpy(addend, row.addend, size_t(count));
        if (each) __builtin_memcpy(factors, row.factors, size_t(count) * sizeof(float));
        run<1>({sums, addend, factors}, made);
        __builtin_memcpy(out, made, size_t(count) * sizeof(Out));
    }

    UBP_INLINE void run_row(const EndRow& row, int64_t count, Out* out) const {
        int64_t x = 0;
        for (; x + one <= count; x += one) run<4>(moved(row, x), out + x);
        const int64_t fours = (count - x) / 4;
        if (fours == 3) run<3>(moved(row, x), out + x);
        if (fours == 2) run<2>(moved(row, x), out + x);
        if (fours == 1) run<1>(moved(row, x), out + x);
        x += 4 * fours;
        if (x < count) run_last(moved(row, x), count - x, out + x);
    }
};

// Calls body(row, out) for every row; `end` is a copy, which stays in registers.
template <bool each, bool added, class Out, class Body>
UBP_INLINE void for_rows(const SumsEnd end, Out* out, const Body& body) {
    EndRow row{end.sums, end.addend, end.factors};
    for (int64_t left = end.rows; left > 0; --left) {
        body(row, out);
        row.sums += end.stride, row.factors += each ? 0 : 1, out += end.out_stride;
        if (added) row.addend += end.out_stride;
    }
}

// Rows of a tile are one step each.
template <bool each, bool added, class To>
void run_sums(const SumsEnd& end, const To& to, typename To::Out* out) {
    using Out = typename To::Out;
    const SumsPass<each, added, To> pass(end, to);
    const auto step = [&](auto fours) UBP_LAMBDA {
        for_rows<each, added>(
            end, out, [&](const EndRow& row, Out* made) UBP_LAMBDA { pass.template run_fours<fours>(row, made); });
    };
    switch (end.rows > 1 ? end.count : 0) {
        case 4: return step(Index<1>{});
        case 8: return step(Index<2>{});
        case 12: return step(Index<3>{});
        case 16: return step(Index<4>{});
        case 24: return step(Index<6>{});
        default:
            for_rows<each, added>(end, out,
                                  [&](const EndRow& row, Out* made) UBP_LAMBDA { pass.run_row(row, end.count, made); });
    }
}

template <class To>
void run_sums(const SumsEnd& end, const To& to, typename To::Out* out) {
    if (end.addend) run_sums<false, true>(end, to, out);
    else if (end.factor_each) run_sums<true, false>(end, to, out);
    else run_sums<false, false>(end, to, out);
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

void end_sums(const SumsEnd& end, const ByteLimits& limits, uint8_t* out) {
    run_sums(end, ToBytes{PassLimits<Ending::any>(limits)}, out);
}

void end_sums(const SumsEnd& end, float low, float high, float* out) {
    run_sums(end, ToFloats{vdupq_n_f32(low), vdupq_n_f32(high)}, out);
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
