// The kernels of whole networks beside the convolutions of packed layers: depthwise strips, element-wise passes,
// pooling, rows of a linear layer. All on planar (NCHW) arrays of T, float or Half. Declares what an operator calls;
// see planar_table.inc.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ubp/dtype.h"

namespace ubp {

// A few output rows of one channel. Reads up to 48 bytes before and 96 behind every row; what it finds there does not
// matter, but it must be readable.
template <class T>
struct DepthwiseStrip {
    const T* const* rows = nullptr;          // [(R - 1) * S + K] input rows, a row of zeros where there is none
    int64_t width = 0, pad = 0;              // of the input; to the left, at most K / 2
    int64_t out_width = 0;                   // at least V vectors; of halves and V = 1, any
    const T* weights = nullptr;              // [K * K], readable up to whole vectors
    T bias = T(0), low = T(0), high = T(0);  // clamped to [low, high]
    T* out = nullptr;
    int64_t out_stride = 0;  // elements between output rows
};
template <class T>
using DepthwiseFunction = void (*)(const DepthwiseStrip<T>&);

// Any kernel on rows that are padded and split by the phases of the stride already: output x of a row is the sum over
// the taps of weights[tap] * from[offsets[tap] + x].
template <class T>
struct TapRow {
    const T* from = nullptr;
    const int32_t* offsets = nullptr;
    const T* weights = nullptr;
    int64_t taps = 0, count = 0;  // count: outputs; up to 4 vectors are read, and never written
    T bias = T(0), low = T(0), high = T(0);
    T* out = nullptr;
};

// Element-wise: out = clamp(a op b), or an activation of a, for `rows` rows of `count` elements; `out` may be an input.
template <class T>
struct Pass {
    const T* a = nullptr;
    const T* b = nullptr;  // an array like a, or one element per row
    T* out = nullptr;
    int64_t count = 0, rows = 1;
    int64_t a_stride = 0, b_stride = 0, out_stride = 0;  // elements between rows
    float low = 0, high = 0;
};
template <class T>
using PassFunction = void (*)(const Pass<T>&);

// 8 rows of a linear layer in blocked order ([K][8]): out[0..7] = bias + sum over k of weights[k][.] * x[k].
template <class T>
struct LinearRows {
    const T* weights = nullptr;
    const T* x = nullptr;
    int64_t columns = 0;
    const T* bias = nullptr;  // [8]
    float low = 0, high = 0;
    T* out = nullptr;  // [8]
};

// out[x] = largest or sum of the rows at x.
template <class T>
struct PoolRows {
    const T* const* rows = nullptr;
    int64_t row_count = 0, count = 0;
    T* out = nullptr;
};

// out[x] = largest or sum of from[x * stride .. x * stride + kernel - 1]; up to 2 more vectors are read.
template <class T>
struct PoolTaps {
    const T* from = nullptr;
    int64_t kernel = 1, stride = 1, count = 0;
    T* out = nullptr;
};

constexpr int depthwise_kernels = 2, depthwise_strides = 2, depthwise_rows = 4, depthwise_vectors = 2;

template <class T>
struct PlanarKernels {
    const char* name = nullptr;
    // [kernel 3, 5][stride 1, 2][rows 1..4][vectors 1, 2]
    DepthwiseFunction<T> depthwise[depthwise_kernels][depthwise_strides][depthwise_rows][depthwise_vectors];
    void (*tap_row)(const TapRow<T>&) = nullptr;
    PassFunction<T> add = nullptr, add_scalar = nullptr;  // scalar: the second input is one float per row
    PassFunction<T> multiply = nullptr, multiply_scalar = nullptr;
    PassFunction<T> clamp = nullptr;
    PassFunction<T> curves[4] = {};  // hard-swish, hard-sigmoid, SiLU, sigmoid: Activation from hard_swish on
    void (*linear)(const LinearRows<T>&) = nullptr;
    void (*pool_rows[2])(const PoolRows<T>&);  // largest, sum (floats only: sums of halves would be rounded each time)
    void (*pool_taps[2])(const PoolTaps<T>&);
    float (*sum)(const T* from, int64_t count) = nullptr;
    // For softmax, of floats only.
    float (*largest)(const float* from, int64_t count) = nullptr;
    // out[i] = exp(from[i] - largest); returns their sum
    float (*exponentials)(const float* from, int64_t count, float largest, float* out) = nullptr;
};

const PlanarKernels<float>& f32_planar_neon();
#if defined(__x86_64__)
const PlanarKernels<float>& f32_planar_avx512();
#endif
const PlanarKernels<Half>& f16_planar();

}  // namespace ubp
