// Bytes and the numbers they mean; and bytes less 128.
#include "kernels/integers/planar/ending.h"
#include "kernels/integers/planar/planar.h"

namespace ubp {
namespace {

constexpr int one = 16;  // bytes of a vector

// Calls body(from, to) for whole vectors of 16, the last of them by buffers that hold nothing else.
template <class From, class To, class Body>
UBP_INLINE void by_sixteens(const From* from, To* to, int64_t count, const Body& body) {
    int64_t i = 0;
    for (; i + one <= count; i += one) body(from + i, to + i);
    if (i == count) return;
    From given[one] = {};
    To made[one];
    __builtin_memcpy(given, from + i, size_t(count - i) * sizeof(From));
    body(given, made);
    __builtin_memcpy(to + i, made, size_t(count - i) * sizeof(To));
}

// NaN becomes 0.
UBP_INLINE float32x4_t without_nan(float32x4_t v) {
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v), vceqq_f32(v, v)));
}

// Count bytes less 128.
template <int Count>
UBP_INLINE void centre(const uint8_t* from, int8_t* to) {
    if constexpr (Count == 16) {
        const int8x16_t v = load_bytes<one, 0>(reinterpret_cast<const int8_t*>(from));
        store_alone(to, veorq_s8(v, vdupq_n_s8(-128)));
    } else if constexpr (Count == 8) {
        vst1_s8(to, vreinterpret_s8_u8(veor_u8(vld1_u8(from), vdup_n_u8(128))));
    } else if constexpr (Count == 4) {
        uint32_t four;
        __builtin_memcpy(&four, from, 4);
        four ^= 0x80808080u;
        __builtin_memcpy(to, &four, 4);
    } else if constexpr (Count == 2) {
        uint16_t two;
        __builtin_memcpy(&two, from, 2);
        two = uint16_t(two ^ 0x8080u);
        __builtin_memcpy(to, &two, 2);
    } else {
        *to = int8_t(*from ^ 128);
    }
}

// Whole vectors together: see load_together.
template <int Count, int Pieces>
UBP_INLINE void centre_pieces(const uint8_t* from, int8_t* to) {
    if constexpr (Count == one && Pieces >= 3) {
        uint8x16x3_t three = vld1q_u8_x3(from);
        for (uint8x16_t& v : three.val) v = veorq_u8(v, vdupq_n_u8(128));
        vst1q_u8_x3(reinterpret_cast<uint8_t*>(to), three);
        centre_pieces<Count, Pieces - 3>(from + 3 * one, to + 3 * one);
    } else if constexpr (Pieces > 0) {
        centre<Count>(from, to);
        centre_pieces<Count, Pieces - 1>(from + Count, to + Count);
    }
}

// Rows of Pieces times Count bytes, less up to Count - 1: the last piece ends with the row and does some bytes again.
template <int Count, int Pieces>
UBP_INLINE void centre_rows_by(const CentredRows& rows) {
    const uint8_t* from = rows.from;
    int8_t* to = rows.to;
    const int64_t width = rows.width, row_bytes = rows.row_bytes, last = width - Count;
    for (int64_t left = rows.rows; left > 0; --left) {
        centre_pieces<Count, Pieces - 1>(from, to);
        centre<Count>(from + last, to + last);
        from += width, to += row_bytes;
    }
}

// Of more than 128 bytes.
void centre_long_rows(const CentredRows& rows) {
    const int64_t last = rows.width - one;
    for (int64_t row = 0; row < rows.rows; ++row) {
        const uint8_t* const from = rows.from + row * rows.width;
        int8_t* const to = rows.to + row * rows.row_bytes;
        for (int64_t x = 0; x < last; x += one) centre<one>(from + x, to + x);
        centre<one>(from + last, to + last);
    }
}

// Of less than 16: pieces of one, two, four or eight bytes, two of them.
void centre_short_rows(const CentredRows& rows) {
    if (rows.width >= 8) return centre_rows_by<8, 2>(rows);
    if (rows.width >= 4) return centre_rows_by<4, 2>(rows);
    if (rows.width >= 2) return centre_rows_by<2, 2>(rows);
    centre_rows_by<1, 1>(rows);
}

}  // namespace

void centre_rows(const CentredRows& rows) {
    if (rows.width < one) return centre_short_rows(rows);
    switch ((rows.width + one - 1) / one) {
        case 1: return centre_rows_by<one, 1>(rows);
        case 2: return centre_rows_by<one, 2>(rows);
        case 3: return centre_rows_by<one, 3>(rows);
        case 4: return centre_rows_by<one, 4>(rows);
        case 5: return centre_rows_by<one, 5>(rows);
        case 6: return centre_rows_by<one, 6>(rows);
        case 7: return centre_rows_by<one, 7>(rows);
        case 8: return centre_rows_by<one, 8>(rows);
        default: return centre_long_rows(rows);
    }
}

void bytes_of_floats(const float* from, uint8_t* to, int64_t count, float reciprocal, const ByteLimits& bytes) {
    const PassLimits<Ending::any> limits(bytes);
    by_sixteens(from, to, count, [&](const float* numbers, uint8_t* made) UBP_LAMBDA {
        float32x4_t steps[4];
        for (int j = 0; j < 4; ++j) steps[j] = without_nan(vmulq_n_f32(vld1q_f32(numbers + 4 * j), reciprocal));
        vst1q_u8(made, bytes_of_steps(steps, limits));
    });
}

void floats_of_bytes(const uint8_t* from, float* to, int64_t count, int32_t zero_point, float scale) {
    const ByteFloats floats(zero_point);
    by_sixteens(from, to, count, [&](const uint8_t* bytes, float* made) UBP_LAMBDA {
        float32x4_t numbers[4];
        floats.of(vld1q_u8(bytes), numbers);
        for (int j = 0; j < 4; ++j) vst1q_f32(made + 4 * j, vmulq_n_f32(numbers[j], scale));
    });
}

}  // namespace ubp
