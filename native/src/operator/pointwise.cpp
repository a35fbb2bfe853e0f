#include "operator/pointwise.h"

#include <algorithm>

#include "operator/activation.h"
#include "operator/cores.h"
#include "threads/item_loop.h"

namespace ubp {
namespace {

constexpr int64_t item_floats = 16384;  // of one item: 64 KB, small enough for a cache and large enough for a thread

}  // namespace

void Binary::run(const float* a, const float* b, float* y, unsigned threads, ThreadPool& pool) const {
    const PlanarKernels& kernels = planar_kernels();
    const Clamp clamp = clamp_of(activation);
    const PassFunction curve = clamp.exact ? nullptr : curve_of(kernels, activation);
    const auto finish = [&](Pass pass, PassFunction op) {
        op(pass);
        if (curve)
            curve({pass.out, nullptr, pass.out, pass.count, pass.rows, pass.out_stride, 0, pass.out_stride, 0, 0});
    };
    if (per_channel) {
        const int64_t chunk = std::max<int64_t>(1, item_floats / plane);
        for_each_item(pool, threads, (planes + chunk - 1) / chunk, [&](int64_t item, unsigned) {
            const int64_t first = item * chunk, at = first * plane;
            finish({a + at, b + first, y + at, plane, std::min(chunk, planes - first), plane, 1, plane, clamp.low,
                    clamp.high},
                   multiply ? kernels.multiply_scalar : kernels.add_scalar);
        });
        return;
    }
    const int64_t count = planes * plane;
    for_each_item(pool, threads, (count + item_floats - 1) / item_floats, [&](int64_t item, unsigned) {
        const int64_t at = item * item_floats;
        finish({a + at, b + at, y + at, std::min(item_floats, count - at), 1, 0, 0, 0, clamp.low, clamp.high},
               multiply ? kernels.multiply : kernels.add);
    });
}

void run_activation(Activation activation, const float* x, float* y, int64_t count, unsigned threads,
                    ThreadPool& pool) {
    const Clamp clamp = clamp_of(activation);
    const PassFunction pass = clamp.exact ? planar_kernels().clamp : curve_of(planar_kernels(), activation);
    for_each_item(pool, threads, (count + item_floats - 1) / item_floats, [&](int64_t item, unsigned) {
        const int64_t at = item * item_floats;
        pass({x + at, nullptr, y + at, std::min(item_floats, count - at), 1, 0, 0, 0, clamp.low, clamp.high});
    });
}

void run_softmax(const float* x, float* y, int64_t rows, int64_t count, unsigned threads, ThreadPool& pool) {
    const PlanarKernels& kernels = planar_kernels();
    for_each_item(pool, threads, rows, [&](int64_t row, unsigned) {
        const float* from = x + row * count;
        float* to = y + row * count;
        const float sum = kernels.exponentials(from, count, kernels.largest(from, count), to);
        const float share = 1.0f / sum;
        kernels.multiply_scalar({to, &share, to, count, 1, 0, 0, 0, 0.0f, 1.0f});
    });
}

void run_concatenation(const float* const* inputs, const int64_t* counts, size_t input_count, float* y, int64_t outer) {
    for (int64_t row = 0; row < outer; ++row) {
        for (size_t i = 0; i < input_count; ++i) y = std::copy_n(inputs[i] + row * counts[i], counts[i], y);
    }
}

}  // namespace ubp
