// Element-wise operators on whole tensors, and those that only move floats: add, multiply, activations, softmax,
// concatenation.
#pragma once

#include <cstdint>
#include <vector>

#include "ubp/layer.h"
#include "ubp/thread_pool.h"

namespace ubp {

// y = activation(a + b) or activation(a * b); y may be a or b. per_channel: b has one float for each plane of a.
struct Binary {
    bool multiply = false, per_channel = false;
    Activation activation = Activation::none;
    int64_t planes = 1, plane = 1;  // of a: number and floats of each

    void run(const float* a, const float* b, float* y, unsigned threads, ThreadPool& pool) const;
};

// y = activation(x), y may be x.
void run_activation(Activation activation, const float* x, float* y, int64_t count, unsigned threads, ThreadPool& pool);

// y = softmax of each of `rows` rows of `count` floats; y may be x.
void run_softmax(const float* x, float* y, int64_t rows, int64_t count, unsigned threads, ThreadPool& pool);

// y [outer][sum of counts], from inputs [outer][counts[i]].
void run_concatenation(const float* const* inputs, const int64_t* counts, size_t input_count, float* y, int64_t outer);

}  // namespace ubp
