// Element-wise operators on whole tensors, and those that only move elements: add, multiply, activations, softmax,
// concatenation, conversion. T: float or Half.
#pragma once

#include <cstdint>
#include <vector>

#include "ubp/layer.h"
#include "ubp/thread_pool.h"

namespace ubp {

// y = activation(a + b) or activation(a * b); y may be a or b. per_channel: b has one element for each plane of a.
struct Binary {
    bool multiply = false, per_channel = false;
    Activation activation = Activation::none;
    int64_t planes = 1, plane = 1;  // of a: number and elements of each

    template <class T>
    void run(const T* a, const T* b, T* y, unsigned threads, ThreadPool& pool) const;
};

// y = activation(x), y may be x.
template <class T>
void run_activation(Activation activation, const T* x, T* y, int64_t count, unsigned threads, ThreadPool& pool);

// y = softmax of each of `rows` rows of `count` floats; y may be x.
void run_softmax(const float* x, float* y, int64_t rows, int64_t count, unsigned threads, ThreadPool& pool);

// y [outer][sum of counts], from inputs [outer][counts[i]].
template <class T>
void run_concatenation(const T* const* inputs, const int64_t* counts, size_t input_count, T* y, int64_t outer);

// y = x as numbers of another type; they must not overlap, unless they are one array of one type.
template <class From, class To>
void run_conversion(const From* x, To* y, int64_t count, unsigned threads, ThreadPool& pool);

}  // namespace ubp
