// Pooling of planes of bytes: largest or mean of a window, and the mean of whole planes.
#pragma once

#include <vector>

#include "operator/integers/affine.h"
#include "operator/pooling.h"
#include "ubp/thread_pool.h"

namespace ubp {

class IntegerPooling {
public:
    // planes x height x width to planes x out_h x out_w; every window must touch the image, and has at most 2^23
    // elements. given, made: what the bytes of means mean; the largest have the meaning they had.
    IntegerPooling(const PoolWindow& window, const Affine& given, const Affine& made, int64_t planes, int64_t height,
                   int64_t width, int64_t out_h, int64_t out_w, unsigned threads);

    void run(const uint8_t* x, uint8_t* y, ThreadPool& pool) const;

    // Of all threads together, on a cache-line boundary; several operators may share it.
    size_t workspace_bytes() const { return threads_ * thread_bytes_; }
    void use_workspace(void* workspace) { workspace_ = static_cast<char*>(workspace); }

private:
    int64_t row_elements() const;
    void plan_factors();
    void take_largest(const uint8_t* plane, uint8_t* out, uint8_t* row) const;
    void take_means(const uint8_t* plane, uint8_t* out, int32_t* row) const;

    PoolWindow window_;
    Affine given_, made_;
    int64_t planes_, height_, width_, out_h_, out_w_;
    unsigned threads_;
    size_t thread_bytes_ = 0;
    std::vector<float> factors_;           // of means: for each number of rows that count, [out_w]
    std::vector<int64_t> row_of_factors_;  // [out_h]
    char* workspace_ = nullptr;
};

// Mean of each of `planes` planes of `count` bytes.
void byte_means_of_planes(const uint8_t* x, uint8_t* y, int64_t planes, int64_t count, const Affine& given,
                          const Affine& made, unsigned threads, ThreadPool& pool);

}  // namespace ubp
