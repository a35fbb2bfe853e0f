// From a row's sums to what is stored: a factor, rounding, zero point and limits, as docs/format.md, "Integers", says.
#pragma once

#include "kernels/integers/dot.h"
// in this order: loads of int8 are declared
#include "kernels/integers/walk.h"
#include "kernels/loads.h"

namespace ubp {
namespace {

// The constants of a layer's results, in registers; but their limits stay in memory until they are wanted.
template <Ending ending, bool Inorder>
struct Limits {
    int16x8_t zero;
    float32x4_t whole;  // loaded too: the compiler would hold a constant with both signs
    const ByteLimits* bytes;

    Limits() = default;
    UBP_INLINE explicit Limits(const ByteLimits& from) : bytes(&from) {
        if constexpr (ending != Ending::sums) {
            const int8_t* const begin = reinterpret_cast<const int8_t*>(&from);
            int8x16_t v[2];
            if constexpr (Inorder) v[0] = load_bytes<16, 0>(begin), v[1] = load_bytes<16, 16>(begin);
            else load_together<2>(v, begin);
            zero = vreinterpretq_s16_s8(v[0]), whole = vreinterpretq_f32_s8(v[1]);
        }
    }
    UBP_INLINE uint8x16_t limited(uint8x16_t made) const {
        return vminq_u8(vmaxq_u8(made, vld1q_u8(bytes->low)), vld1q_u8(bytes->high));
    }
};

// Sums as fp32.
template <Ending ending, bool Inorder>
UBP_INLINE float32x4_t floats_of(int32x4_t sums, const Limits<ending, Inorder>& limits) {
    if constexpr (ending == Ending::bounded) return vsubq_f32(vreinterpretq_f32_s32(sums), limits.whole);
    else return vcvtq_f32_s32(sums);
}

// Steps as whole numbers of 32 bits, of which the low 16 count where they are bounded; those that are beyond 32 bits
// are as far on the same side.
template <Ending ending, bool Inorder>
UBP_INLINE int32x4_t rounded(float32x4_t steps, const Limits<ending, Inorder>& limits) {
#if defined(__aarch64__)
    if constexpr (Inorder && ending == Ending::any) return vcvtnq_s32_f32(steps);
#endif
    // Wide cores have one unit for conversions. The bits of a float ascend with it, on either side of zero.
    const int32x4_t bits = vreinterpretq_s32_f32(vaddq_f32(steps, limits.whole));
    if constexpr (ending == Ending::bounded) return bits;
    return vqsubq_s32(bits, vreinterpretq_s32_f32(limits.whole));
}

// Two vectors of them in 16 bits.
template <Ending ending>
UBP_INLINE int16x8_t narrowed(int32x4_t low, int32x4_t high) {
    if constexpr (ending == Ending::bounded) return vuzp1q_s16(vreinterpretq_s16_s32(low), vreinterpretq_s16_s32(high));
    else return vqmovn_high_s32(vqmovn_s32(low), high);
}

// The first Count groups of four bytes.
template <int Count>
UBP_INLINE void store_fours(uint8_t* out, uint8x16_t bytes) {
    if constexpr (Count == 4) {
        store_alone(out, bytes);
    } else {
        const uint32x4_t words = vreinterpretq_u32_u8(bytes);
        if constexpr (Count >= 2) vst1_u8(out, vget_low_u8(bytes));
        if constexpr (Count == 3) vst1q_lane_u32(reinterpret_cast<uint32_t*>(out + 8), words, 2);
        if constexpr (Count == 1) vst1q_lane_u32(reinterpret_cast<uint32_t*>(out), words, 0);
    }
}

// A row of Count vectors on its way from sums to bytes, in stages that another can do its work between: in-order cores
// wait for each result. `begin`, then stages 0 to `stages` - 1, then `store`.
template <int Count, Ending ending, bool Inorder>
struct RowEnd {
    static constexpr int stages = ending == Ending::sums ? 0 : 5;
    static constexpr int pairs = (Count + 1) / 2, fours = (Count + 3) / 4;

    float32x4_t steps[Count];
    int32x4_t whole[2 * pairs];
    int16x8_t half[2 * pairs];
    uint8x16_t bytes[fours];

    UBP_INLINE void begin(const int32x4_t* sums, const Limits<ending, Inorder>& limits) {
        for (int j = 0; j < Count; ++j) {
            if constexpr (ending == Ending::sums) whole[j] = sums[j];
            else steps[j] = floats_of(sums[j], limits);
        }
    }

    static constexpr int items(int stage) { return stage < 2 ? Count : stage < 4 ? pairs : fours; }

    template <int Stage, int Item>
    UBP_INLINE void run(float factor, const Limits<ending, Inorder>& limits) {
        if constexpr (Stage == 0) steps[Item] = vmulq_n_f32(steps[Item], factor);
        if constexpr (Stage == 1) whole[Item] = rounded(steps[Item], limits);
        if constexpr (Stage == 2) half[Item] = narrowed<ending>(whole[2 * Item], whole[last(2 * Item + 1)]);
        if constexpr (Stage == 3) half[Item] = vqaddq_s16(half[Item], limits.zero);
        if constexpr (Stage == 4) {
            const uint8x8_t low = vqmovun_s16(half[2 * Item]);
            const bool whole_four = 4 * Item + 2 < Count;
            bytes[Item] = whole_four ? vqmovun_high_s16(low, half[2 * Item + 1]) : vcombine_u8(low, low);
            bytes[Item] = limits.limited(bytes[Item]);
        }
    }
    static constexpr int last(int place) { return place < Count ? place : Count - 1; }

    UBP_INLINE void run_all(float factor, const Limits<ending, Inorder>& limits) {
        unroll<0, stages>([&](auto stage) UBP_LAMBDA {
            unroll<0, items(stage)>([&](auto item) UBP_LAMBDA { run<stage, item>(factor, limits); });
        });
    }

    UBP_INLINE void store(uint8_t* out) const {
        if constexpr (ending == Ending::sums) {
            for (int j = 0; j < Count; ++j) vst1q_s32(reinterpret_cast<int32_t*>(out) + 4 * j, whole[j]);
        } else {
            unroll<0, fours>([&](auto q) UBP_LAMBDA {
                store_fours<(Count - 4 * q < 4 ? Count - 4 * q : 4)>(out + 16 * q, bytes[q]);
            });
        }
    }
};

}  // namespace
}  // namespace ubp
