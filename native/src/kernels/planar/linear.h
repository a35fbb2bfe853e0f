// Eight rows of a linear layer at one position: a stream of weights against one input, which four columns at a time
// (halves: eight) keep eight sums apart, so that no addition waits for the one before.
#pragma once

#include "kernels/loads.h"
#include "kernels/planar/planar.h"

namespace ubp {
namespace {

// Sum of Count vectors, each `step` behind the last, by halves.
template <int Count, int Step, class V>
UBP_INLINE V add_up(const V* v) {
    if constexpr (Count == 1) {
        return v[0];
    } else {
        return plus(add_up<Count / 2, Step>(v), add_up<Count / 2, Step>(v + Count / 2 * Step));
    }
}

template <class T>
void linear_rows(const LinearRows<T>& rows) {
    constexpr int one = lanes<T>, parts = 8 / one;  // vectors of a column's eight weights
    Vector<T> acc[one * parts];
    for (Vector<T>& v : acc) v = spread<T>(0.0f);
    const T* weights = rows.weights;
    int64_t k = 0;
    for (; k + one <= rows.columns; k += one) {
        Vector<T> w[one * parts];
        load_together<one * parts>(w, weights);
        const Vector<T> x = load(rows.x + k);
        unroll<0, one>([&](auto i) UBP_LAMBDA {
            unroll<0, parts>([&](auto p) UBP_LAMBDA {
                constexpr int at = int(i) * parts + int(p);
                acc[at] = fma_lane<int(i)>(acc[at], w[at], x);
            });
        });
        weights += 8 * one;
        UBP_KEEP(weights);
    }
    for (; k < rows.columns; ++k, weights += 8) {
        for (int p = 0; p < parts; ++p) acc[p] = fma_scalar(acc[p], load(weights + one * p), rows.x[k]);
    }
    const Vector<T> low = spread<T>(rows.low), high = spread<T>(rows.high);
    for (int p = 0; p < parts; ++p) {
        const Vector<T> done = plus(add_up<one, parts>(acc + p), load(rows.bias + one * p));
        store(rows.out + one * p, lesser(greater(done, low), high));
    }
}

}  // namespace
}  // namespace ubp
