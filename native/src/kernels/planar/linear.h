// Eight rows of a linear layer at one position: a stream of weights against one input, which four columns at a time
// keep eight sums apart, so that no addition waits for the one before.
#pragma once

#include "kernels/neon.h"
#include "kernels/planar/planar.h"

namespace ubp {
namespace {

void linear_rows(const LinearRows& rows) {
    float32x4_t acc[4][2];
    for (auto& pair : acc) pair[0] = pair[1] = vdupq_n_f32(0.0f);
    const float* weights = rows.weights;
    int64_t k = 0;
    for (; k + 4 <= rows.columns; k += 4) {
        float32x4_t w[8];
        load_together<8>(w, weights);
        const float32x4_t x = vld1q_f32(rows.x + k);
        unroll<0, 4>([&](auto i) UBP_LAMBDA {
            acc[i][0] = fma_lane<int(i)>(acc[i][0], w[2 * i], x);
            acc[i][1] = fma_lane<int(i)>(acc[i][1], w[2 * i + 1], x);
        });
        weights += 32;
        UBP_KEEP(weights);
    }
    for (; k < rows.columns; ++k, weights += 8) {
        acc[0][0] = fma_scalar(acc[0][0], vld1q_f32(weights), rows.x[k]);
        acc[0][1] = fma_scalar(acc[0][1], vld1q_f32(weights + 4), rows.x[k]);
    }
    const float32x4_t low = vdupq_n_f32(rows.low), high = vdupq_n_f32(rows.high);
    for (int half = 0; half < 2; ++half) {
        const float32x4_t sum = vaddq_f32(vaddq_f32(acc[0][half], acc[1][half]), vaddq_f32(acc[2][half], acc[3][half]));
        const float32x4_t done = vaddq_f32(sum, vld1q_f32(rows.bias + 4 * half));
        vst1q_f32(rows.out + 4 * half, vminq_f32(vmaxq_f32(done, low), high));
    }
}

}  // namespace
}  // namespace ubp
