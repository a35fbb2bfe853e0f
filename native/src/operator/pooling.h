// Pooling of planes: largest or mean of a window, and the mean of whole planes.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "packing/geometry.h"
#include "ubp/thread_pool.h"

namespace ubp {

struct PoolWindow {
    bool average = false;
    bool count_padding = true;  // average: the divisor is the whole window, else what lies in the image
    int64_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1;
    int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;  // below the kernel
};

// How many of a window's places along one axis count.
inline int64_t counted_places(int64_t first, int64_t kernel, int64_t size, bool count_padding) {
    return count_padding ? kernel : std::min(first + kernel, size) - std::max<int64_t>(first, 0);
}

// Rows of a plane that a row of windows covers.
struct WindowRows {
    int64_t begin, end;
};

inline WindowRows window_rows(const PoolWindow& window, int64_t out_row, int64_t height) {
    const int64_t first = out_row * window.stride_h - window.pad_top;
    return {std::max<int64_t>(first, 0), std::min(first + window.kernel_h, height)};
}

// Calls combine(rows, count) for these rows, windows of many rows in parts of at most 64. `so_far`: where combine puts
// what it makes, which is then the first row of every later part; null where it adds to what is there.
template <class T, class Combine>
void combine_rows(const T* plane, int64_t width, const WindowRows& covered, const T* so_far, const Combine& combine) {
    constexpr int64_t most = 64;
    const T* rows[most];
    for (int64_t at = covered.begin; at < covered.end;) {
        int64_t count = 0;
        if (so_far && at > covered.begin) rows[count++] = so_far;
        while (at < covered.end && count < most) rows[count++] = plane + at++ * width;
        combine(rows, count);
    }
}

// T: float or Half. Means are summed in floats.
template <class T>
class Pooling {
public:
    // planes x height x width to planes x out_h x out_w; every window must touch the image.
    Pooling(const PoolWindow& window, int64_t planes, int64_t height, int64_t width, int64_t out_h, int64_t out_w,
            unsigned threads);

    void run(const T* x, T* y, ThreadPool& pool) const;

    size_t workspace_bytes() const { return threads_ * thread_bytes_; }
    void use_workspace(void* workspace) { workspace_ = static_cast<char*>(workspace); }

private:
    void run_plane(const T* plane, T* out, void* space) const;
    void run_widened(const T* plane, T* out, float* space) const;
    template <class A>
    void pool_plane(const A* plane, A* out, A* row) const;
    void divide(float* out, int64_t out_row) const;
    size_t row_elements() const;

    PoolWindow window_;
    int64_t planes_, height_, width_, out_h_, out_w_;
    unsigned threads_;
    size_t thread_bytes_ = 0;
    std::vector<float> column_counts_;  // average: columns of the window that count
    char* workspace_ = nullptr;
};

// Mean of each of `planes` planes of `count` elements, summed in floats. T: float or Half.
template <class T>
void mean_of_planes(const T* x, T* y, int64_t planes, int64_t count, unsigned threads, ThreadPool& pool);

}  // namespace ubp
