// A dense layer whose kernel sees the whole image once: a linear layer, or a 1x1 convolution of a 1x1 image.
#pragma once

#include "operator/activation.h"
#include "operator/prepared_layer.h"
#include "ubp/thread_pool.h"

namespace ubp {

// T: float or Half.
template <class T>
class Linear {
public:
    // The layer must be dense and of one group; its arrays must outlive the operator.
    Linear(const LayerView& layer, unsigned threads);

    // x [batch][K] to y [batch][R]
    void run(const T* x, T* y, int64_t batch, ThreadPool& pool) const;

    size_t prepared_bytes() const { return prepared_.bytes() + bias_.size() * sizeof(T); }

private:
    void run_group(const T* x, T* y, uint32_t group) const;

    PreparedLayer<T> prepared_;
    std::vector<T> bias_;  // filled up to whole groups of 8 rows
    uint32_t rows_, columns_;
    Clamp clamp_;
    PassFunction<T> curve_ = nullptr;
    unsigned threads_;
};

}  // namespace ubp
