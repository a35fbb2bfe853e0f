// The kernels of whole networks beside the convolutions of packed layers: depthwise strips, element-wise passes,
// pooling, rows of a linear layer. All on planar (NCHW) floats. Declares what an operator calls; see planar_table.inc.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ubp {

// A few output rows of one channel. Reads up to 12 floats before and 24 behind every row; what it finds there does not
// matter, but it must be readable.
struct DepthwiseStrip {
    const float* const* rows = nullptr;  // [(R - 1) * S + K] input rows, a row of zeros where there is none
    int64_t width = 0, pad = 0;          // of the input; to the left, at most K / 2
    int64_t out_width = 0;               // at least 4 * V
    const float* weights = nullptr;      // [K * K], readable up to the next multiple of 4
    float bias = 0, low = 0, high = 0;   // clamped to [low, high]
    float* out = nullptr;
    int64_t out_stride = 0;  // floats between output rows
};
using DepthwiseFunction = void (*)(const DepthwiseStrip&);

// Any kernel on rows that are padded and split by the phases of the stride already: output x of a row is the sum over
// the taps of weights[tap] * from[offsets[tap] + x].
struct TapRow {
    const float* from = nullptr;
    const int32_t* offsets = nullptr;
    const float* weights = nullptr;
    int64_t taps = 0, count = 0;  // count: outputs; up to 15 more are read, and never written
    float bias = 0, low = 0, high = 0;
    float* out = nullptr;
};

// Element-wise: out = clamp(a op b), or an activation of a, for `rows` rows of `count` floats; `out` may be an input.
struct Pass {
    const float* a = nullptr;
    const float* b = nullptr;  // an array like a, or one float per row
    float* out = nullptr;
    int64_t count = 0, rows = 1;
    int64_t a_stride = 0, b_stride = 0, out_stride = 0;  // floats between rows
    float low = 0, high = 0;
};
using PassFunction = void (*)(const Pass&);

// 8 rows of a linear layer in blocked order ([K][8]): out[0..7] = bias + sum over k of weights[k][.] * x[k].
struct LinearRows {
    const float* weights = nullptr;
    const float* x = nullptr;
    int64_t columns = 0;
    const float* bias = nullptr;  // [8]
    float low = 0, high = 0;
    float* out = nullptr;  // [8]
};

// out[x] = largest or sum of the rows at x.
struct PoolRows {
    const float* const* rows = nullptr;
    int64_t row_count = 0, count = 0;
    float* out = nullptr;
};

// out[x] = largest or sum of from[x * stride .. x * stride + kernel - 1]; up to 8 more floats are read.
struct PoolTaps {
    const float* from = nullptr;
    int64_t kernel = 1, stride = 1, count = 0;
    float* out = nullptr;
};

constexpr int depthwise_kernels = 2, depthwise_strides = 2, depthwise_rows = 4, depthwise_vectors = 2;

struct PlanarKernels {
    const char* name = nullptr;
    // [kernel 3, 5][stride 1, 2][rows 1..4][vectors 1, 2]
    DepthwiseFunction depthwise[depthwise_kernels][depthwise_strides][depthwise_rows][depthwise_vectors];
    void (*tap_row)(const TapRow&) = nullptr;
    PassFunction add = nullptr, add_scalar = nullptr;  // scalar: the second input is one float per row
    PassFunction multiply = nullptr, multiply_scalar = nullptr;
    PassFunction clamp = nullptr;
    PassFunction curves[4] = {};  // hard-swish, hard-sigmoid, SiLU, sigmoid: Activation from hard_swish on
    void (*linear)(const LinearRows&) = nullptr;
    void (*pool_rows[2])(const PoolRows&);  // largest, sum
    void (*pool_taps[2])(const PoolTaps&);
    float (*sum)(const float* from, int64_t count) = nullptr;
    float (*largest)(const float* from, int64_t count) = nullptr;
    // out[i] = exp(from[i] - largest); returns their sum
    float (*exponentials)(const float* from, int64_t count, float largest, float* out) = nullptr;
};

const PlanarKernels& planar_kernels_neon();
#if defined(__x86_64__)
const PlanarKernels& planar_kernels_avx512();
#endif

}  // namespace ubp
