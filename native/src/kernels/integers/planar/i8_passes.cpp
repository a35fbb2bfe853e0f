// Element-wise passes over rows of bytes: additions and multiplications of different scales, tables, largest elements.
#include "kernels/integers/planar/ending.h"
#include "kernels/integers/planar/planar.h"

namespace ubp {
namespace {

constexpr int one = 16;  // bytes of a vector

// An operation on the numbers of two operands, less their zero points, in steps of the result. Each product and each
// sum is rounded by itself.
struct AddSteps {
    float a, b;
    explicit AddSteps(const BytePass& pass) : a(pass.a_factor), b(pass.b_factor) {}
    UBP_INLINE float32x4_t operator()(float32x4_t x, float32x4_t y) const {
        return vaddq_f32(vmulq_n_f32(x, a), vmulq_n_f32(y, b));
    }
};

struct MultiplySteps {
    float factor;
    explicit MultiplySteps(const BytePass& pass) : factor(pass.a_factor) {}
    UBP_INLINE float32x4_t operator()(float32x4_t x, float32x4_t y) const {
        return vmulq_n_f32(vmulq_f32(x, y), factor);
    }
};

// The second operand's numbers: a vector of their own, or one for the row.
template <bool scalar>
UBP_INLINE void second_numbers(const uint8_t* b, const ByteFloats& floats, float32x4_t* to) {
    floats.of(scalar ? vdupq_n_u8(*b) : vld1q_u8(b), to);
}

template <class Op, Ending ending>
struct BinaryPass {
    const Op op;
    const ByteFloats a_floats, b_floats;
    const PassLimits<ending> limits;

    explicit BinaryPass(const BytePass& pass)
        : op(pass), a_floats(pass.a_zero), b_floats(pass.b_zero), limits(pass.limits) {}

    UBP_INLINE void run(const uint8_t* a, const float32x4_t* second, uint8_t* out) const {
        float32x4_t steps[4];
        a_floats.of(vld1q_u8(a), steps);
        for (int j = 0; j < 4; ++j) steps[j] = op(steps[j], second[j]);
        vst1q_u8(out, bytes_of_steps(steps, limits));
    }

    template <bool scalar>
    UBP_INLINE void run_row(const uint8_t* a, const uint8_t* b, uint8_t* out, int64_t count) const {
        float32x4_t second[4];
        if (scalar) second_numbers<true>(b, b_floats, second);
        int64_t x = 0;
        for (; x + one <= count; x += one) {
            if (!scalar) second_numbers<false>(b + x, b_floats, second);
            run(a + x, second, out + x);
        }
        if (x == count) return;
        // The last ones go through buffers, so that nothing is read or written behind them.
        uint8_t parts[3][one] = {};
        const size_t left = size_t(count - x);
        __builtin_memcpy(parts[0], a + x, left);
        if (!scalar) {
            __builtin_memcpy(parts[1], b + x, left);
            second_numbers<false>(parts[1], b_floats, second);
        }
        run(parts[0], second, parts[2]);
        __builtin_memcpy(out + x, parts[2], left);
    }
};

template <class Op, bool scalar, Ending ending>
void run_binary(const BytePass& pass) {
    const BinaryPass<Op, ending> binary(pass);
    for (int64_t row = 0; row < pass.rows; ++row) {
        binary.template run_row<scalar>(pass.a + row * pass.a_stride, pass.b + row * pass.b_stride,
                                        pass.out + row * pass.out_stride, pass.count);
    }
}

#if defined(__aarch64__)
// Sixteen look-ups: a quarter of the table has the bytes whose place is below 64; to others, the next quarters add.
UBP_INLINE uint8x16_t look_up(const uint8x16x4_t* table, uint8x16_t places) {
    uint8x16_t found = vqtbl4q_u8(table[0], places);
    for (int q = 1; q < 4; ++q) {
        places = vsubq_u8(places, vdupq_n_u8(64));
        found = vqtbx4q_u8(found, table[q], places);
    }
    return found;
}
#endif

}  // namespace

const BytePassFunction add_bytes[2] = {run_binary<AddSteps, false, Ending::bounded>,
                                       run_binary<AddSteps, false, Ending::any>};
const BytePassFunction add_byte_scalar[2] = {run_binary<AddSteps, true, Ending::bounded>,
                                             run_binary<AddSteps, true, Ending::any>};
const BytePassFunction multiply_bytes[2] = {run_binary<MultiplySteps, false, Ending::bounded>,
                                            run_binary<MultiplySteps, false, Ending::any>};
const BytePassFunction multiply_byte_scalar[2] = {run_binary<MultiplySteps, true, Ending::bounded>,
                                                  run_binary<MultiplySteps, true, Ending::any>};

void look_up_bytes(const uint8_t table[256], const uint8_t* from, uint8_t* to, int64_t count) {
    int64_t i = 0;
#if defined(__aarch64__)
    uint8x16x4_t parts[4];
    for (int q = 0; q < 4; ++q) parts[q] = vld1q_u8_x4(table + 64 * q);
    for (; i + one <= count; i += one) vst1q_u8(to + i, look_up(parts, vld1q_u8(from + i)));
#endif
    for (; i < count; ++i) to[i] = table[from[i]];
}

void take_largest_rows(const ByteRows& rows, uint8_t* out) {
    int64_t x = 0;
    for (; x + one <= rows.count; x += one) {
        uint8x16_t v = vld1q_u8(rows.rows[0] + x);
        for (int64_t r = 1; r < rows.row_count; ++r) v = vmaxq_u8(v, vld1q_u8(rows.rows[r] + x));
        vst1q_u8(out + x, v);
    }
    for (; x < rows.count; ++x) {
        uint8_t v = rows.rows[0][x];
        for (int64_t r = 1; r < rows.row_count; ++r) v = v > rows.rows[r][x] ? v : rows.rows[r][x];
        out[x] = v;
    }
}

namespace {

// A vector of outputs from `from` on: every first or every second byte.
template <int Stride>
UBP_INLINE uint8x16_t load_every(const uint8_t* from) {
    if constexpr (Stride == 1) return vld1q_u8(from);
    else return vuzp1q_u8(vld1q_u8(from), vld1q_u8(from + one));
}

// Up to the last vector whose loads end with the taps.
template <int Stride>
UBP_INLINE int64_t largest_vectors(const Taps<uint8_t>& taps, uint8_t* out) {
    int64_t x = 0;
    for (; x + one + (Stride == 1 ? 0 : 1) <= taps.count; x += one) {
        const uint8_t* const from = taps.from + x * Stride;
        uint8x16_t v = load_every<Stride>(from);
        for (int64_t t = 1; t < taps.kernel; ++t) v = vmaxq_u8(v, load_every<Stride>(from + t));
        vst1q_u8(out + x, v);
    }
    return x;
}

}  // namespace

void take_largest_taps(const Taps<uint8_t>& taps, uint8_t* out) {
    int64_t x = 0;
    if (taps.stride == 1) x = largest_vectors<1>(taps, out);
    if (taps.stride == 2) x = largest_vectors<2>(taps, out);
    for (; x < taps.count; ++x) {
        const uint8_t* const from = taps.from + x * taps.stride;
        uint8_t v = from[0];
        for (int64_t t = 1; t < taps.kernel; ++t) v = v > from[t] ? v : from[t];
        out[x] = v;
    }
}

}  // namespace ubp
