// The kernels of int8 networks beside the walks: depthwise strips, element-wise passes, tables, pooling, conversions.
// All on planar (NCHW) arrays of bytes `q` that mean `scale * (q - zero_point)`; docs/format.md, "Integers", gives
// every result to the bit. Declares what an operator calls.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/integers/walk.h"

namespace ubp {

// What becomes of rows of i32 sums: each times a factor, and what is added times its own; then bytes or fp32.
struct SumsEnd {
    const int32_t* sums = nullptr;
    int64_t rows = 1, count = 0, stride = 0;  // sums of a row; between rows
    const float* factors = nullptr;
    bool factor_each = false;         // [count], of the sums of every row; else [rows]
    const uint8_t* addend = nullptr;  // as the output lies; null: none
    int32_t addend_zero = 0;
    float addend_factor = 0;
    int64_t out_stride = 0;  // elements between rows of the output and of the addend
};
void end_sums(const SumsEnd& end, const ByteLimits& limits, uint8_t* out);  // may be the addend
void end_sums(const SumsEnd& end, float low, float high, float* out);       // limited to [low, high]

// Output rows of one channel, from rows that are padded already and hold bytes less 128. Reads up to 32 bytes
// behind what the outputs of a row need; what it finds there does not matter. A kernel moves rows, from, room and out
// on.
struct ByteStrip {
    int64_t rows = 0;                 // output rows
    const int8_t* from = nullptr;     // the first input row, at the first tap of output 0
    int64_t row_bytes = 0;            // between input rows
    const int8_t* weights = nullptr;  // [K][tap_quads(K)][4], zeros behind a row's taps; readable up to whole vectors
    const int32_t* bias = nullptr;    // the same four times, with zero point; `bounded`: and `whole_magic`
    float factor = 0;
    Ending ending = Ending::sums;  // or bounded
    const ByteLimits* limits = nullptr;
    int64_t out_width = 0;  // also between output rows
    int64_t room = 0;       // outputs behind `out` that may be written: those behind the strip have no meaning yet
    void* out = nullptr;    // bytes, or i32
};
using ByteStripFunction = void (*)(ByteStrip&);

constexpr int tap_quads(int kernel) { return (kernel + 3) / 4; }

constexpr int byte_depthwise_kernels = 3, byte_depthwise_strides = 2;

struct ByteDepthwiseSet {
    const char* name = nullptr;
    ByteStripFunction strips[byte_depthwise_kernels][byte_depthwise_strides];  // [kernel 3, 5, 7][stride 1, 2]
};

// By the dot product (ARM64 only), and by widening multiplies, anywhere.
#if defined(__aarch64__)
const ByteDepthwiseSet& i8dot_depthwise();
#endif
const ByteDepthwiseSet& i8_depthwise_widening();

// Any kernel, on rows that are padded and split by the phases of the stride: the i32 sums of outputs x of a row, over
// the taps of weights[tap] * from[offsets[tap] + x]. Whole vectors of 16 are read and written.
struct ByteTapRow {
    const int8_t* from = nullptr;
    const int32_t* offsets = nullptr;
    const int8_t* weights = nullptr;
    int64_t taps = 0, count = 0;
    int32_t bias = 0;
    int32_t* sums = nullptr;
};
void add_byte_taps(const ByteTapRow& row);

// Rows of bytes less 128, as int8, into rows that lie `row_bytes` apart. Reads and writes nothing else.
struct CentredRows {
    const uint8_t* from = nullptr;
    int64_t width = 0, rows = 0;
    int8_t* to = nullptr;
    int64_t row_bytes = 0;
};
void centre_rows(const CentredRows& rows);

// to[i] = table[from[i]]; `to` may be `from`.
void look_up_bytes(const uint8_t table[256], const uint8_t* from, uint8_t* to, int64_t count);

// Element-wise: out = bytes of a op b, for `rows` rows of `count` elements; `out` may be an input.
//   add:      (a - a_zero) * a_factor + (b - b_zero) * b_factor
//   multiply: (a - a_zero) * (b - b_zero) * a_factor
struct BytePass {
    const uint8_t* a = nullptr;
    const uint8_t* b = nullptr;  // an array like a, or one byte per row
    uint8_t* out = nullptr;
    int64_t count = 0, rows = 1;
    int64_t a_stride = 0, b_stride = 0, out_stride = 0;  // elements between rows
    int32_t a_zero = 0, b_zero = 0;
    float a_factor = 0, b_factor = 0;
    ByteLimits limits;
};
using BytePassFunction = void (*)(const BytePass&);

// [Ending::bounded: less than 2^15 steps; Ending::any]
extern const BytePassFunction add_bytes[2], add_byte_scalar[2], multiply_bytes[2], multiply_byte_scalar[2];

// out[x] = largest of the rows at x; largest of from[x * stride .. x * stride + kernel - 1], of which nothing else is
// read.
struct ByteRows {
    const uint8_t* const* rows = nullptr;
    int64_t row_count = 0, count = 0;
};
void take_largest_rows(const ByteRows& rows, uint8_t* out);

template <class T>
struct Taps {
    const T* from = nullptr;
    int64_t kernel = 1, stride = 1, count = 0;
};
void take_largest_taps(const Taps<uint8_t>& taps, uint8_t* out);

// out[x] += sum of the rows at x, each less zero_point; at most 256 rows.
void add_rows(const ByteRows& rows, int32_t zero_point, int32_t* out);
void add_taps(const Taps<int32_t>& taps, int32_t* out);

int64_t sum_of_bytes(const uint8_t* from, int64_t count);

// x * reciprocal as bytes, the zero point for NaN; and (q - zero_point) * scale.
void bytes_of_floats(const float* from, uint8_t* to, int64_t count, float reciprocal, const ByteLimits& limits);
void floats_of_bytes(const uint8_t* from, float* to, int64_t count, int32_t zero_point, float scale);

}  // namespace ubp
