#include "operator/pointwise.h"

#include <algorithm>

#include "kernels/planar/convert.h"
#include "operator/activation.h"
#include "operator/cores.h"
#include "threads/item_loop.h"

namespace ubp {
namespace {

constexpr int64_t item_elements =
    16384;  // of one item: 64 KB of floats, small enough for a cache and large enough for a thread

}  // namespace

template <class T>
void Binary::run(const T* a, const T* b, T* y, unsigned threads, ThreadPool& pool) const {
    const PlanarKernels<T>& kernels = planar_kernels<T>();
    const Clamp clamp = clamp_of(activation);
    const PassFunction<T> curve = clamp.exact ? nullptr : curve_of(kernels, activation);
    const auto finish = [&](Pass<T> pass, PassFunction<T> op) {
        op(pass);
        if (curve)
            curve({pass.out, nullptr, pass.out, pass.count, pass.rows, pass.out_stride, 0, pass.out_stride, 0, 0});
    };
    if (per_channel) {
        const int64_t chunk = std::max<int64_t>(1, item_elements / plane);
        for_each_item(pool, threads, (planes + chunk - 1) / chunk, [&](int64_t item, unsigned) {
            const int64_t first = item * chunk, at = first * plane;
            finish({a + at, b + first, y + at, plane, std::min(chunk, planes - first), plane, 1, plane, clamp.low,
                    clamp.high},
                   multiply ? kernels.multiply_scalar : kernels.add_scalar);
        });
        return;
    }
    const int64_t count = planes * plane;
    for_each_item(pool, threads, (count + item_elements - 1) / item_elements, [&](int64_t item, unsigned) {
        const int64_t at = item * item_elements;
        finish({a + at, b + at, y + at, std::min(item_elements, count - at), 1, 0, 0, 0, clamp.low, clamp.high},
               multiply ? kernels.multiply : kernels.add);
    });
}

template <class T>
void run_activation(Activation activation, const T* x, T* y, int64_t count, unsigned threads, ThreadPool& pool) {
    const Clamp clamp = clamp_of(activation);
    const PassFunction<T> pass = clamp.exact ? planar_kernels<T>().clamp : curve_of(planar_kernels<T>(), activation);
    for_each_item(pool, threads, (count + item_elements - 1) / item_elements, [&](int64_t item, unsigned) {
        const int64_t at = item * item_elements;
        pass({x + at, nullptr, y + at, std::min(item_elements, count - at), 1, 0, 0, 0, clamp.low, clamp.high});
    });
}

void run_softmax(const float* x, float* y, int64_t rows, int64_t count, unsigned threads, ThreadPool& pool) {
    const PlanarKernels<float>& kernels = planar_kernels<float>();
    for_each_item(pool, threads, rows, [&](int64_t row, unsigned) {
        const float* from = x + row * count;
        float* to = y + row * count;
        const float sum = kernels.exponentials(from, count, kernels.largest(from, count), to);
        const float share = 1.0f / sum;
        kernels.multiply_scalar({to, &share, to, count, 1, 0, 0, 0, 0.0f, 1.0f});
    });
}

template <class T>
void run_concatenation(const T* const* inputs, const int64_t* counts, size_t input_count, T* y, int64_t outer) {
    for (int64_t row = 0; row < outer; ++row) {
        for (size_t i = 0; i < input_count; ++i) y = std::copy_n(inputs[i] + row * counts[i], counts[i], y);
    }
}

template <class From, class To>
void run_conversion(const From* x, To* y, int64_t count, unsigned threads, ThreadPool& pool) {
    for_each_item(pool, threads, (count + item_elements - 1) / item_elements, [&](int64_t item, unsigned) {
        const int64_t at = item * item_elements, part = std::min(item_elements, count - at);
        if constexpr (sizeof(From) < sizeof(To)) {
            widen(x + at, y + at, part);
        } else if constexpr (sizeof(From) > sizeof(To)) {
            narrow(x + at, y + at, part);
        } else if (x != y) {
            std::copy_n(x + at, part, y + at);
        }
    });
}

#define UBP_FOR(T)                                                                          \
    template void Binary::run(const T*, const T*, T*, unsigned, ThreadPool&) const;         \
    template void run_activation(Activation, const T*, T*, int64_t, unsigned, ThreadPool&); \
    template void run_concatenation(const T* const*, const int64_t*, size_t, T*, int64_t);  \
    template void run_conversion(const T*, T*, int64_t, unsigned, ThreadPool&);

UBP_FOR(float)
UBP_FOR(Half)
#undef UBP_FOR
template void run_conversion(const float*, Half*, int64_t, unsigned, ThreadPool&);
template void run_conversion(const Half*, float*, int64_t, unsigned, ThreadPool&);

}  // namespace ubp
