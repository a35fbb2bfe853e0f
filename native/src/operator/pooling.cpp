#include "operator/pooling.h"

#include <algorithm>
#include <limits>

#include "kernels/planar/convert.h"
#include "operator/cores.h"
#include "threads/item_loop.h"

namespace ubp {
namespace {

constexpr int64_t behind = 32;  // elements that the kernels may read behind a row

}  // namespace

template <class T>
Pooling<T>::Pooling(const PoolWindow& window, int64_t planes, int64_t height, int64_t width, int64_t out_h,
                    int64_t out_w, unsigned threads)
    : window_(window),
      planes_(planes),
      height_(height),
      width_(width),
      out_h_(out_h),
      out_w_(out_w),
      threads_(threads) {
    const bool widened = window.average && sizeof(T) < sizeof(float);
    const size_t elements = row_elements() + (widened ? size_t(height * width + out_h * out_w) : 0);
    thread_bytes_ = (elements * (window.average ? sizeof(float) : sizeof(T)) + 63) / 64 * 64;
    for (int64_t x = 0; window.average && x < out_w; ++x) {
        const int64_t first = x * window.stride_w - window.pad_left;
        column_counts_.push_back(float(counted_places(first, window.kernel_w, width, window.count_padding)));
    }
}

// Of the row that windows are combined into.
template <class T>
size_t Pooling<T>::row_elements() const {
    const int64_t reach = (out_w_ - 1) * window_.stride_w + window_.kernel_w;
    return size_t((std::max(reach, window_.pad_left + width_) + behind + 15) / 16 * 16);
}

template <class T>
void Pooling<T>::run(const T* x, T* y, ThreadPool& pool) const {
    const int64_t chunk = std::max<int64_t>(1, std::min(planes_ / (4 * int64_t{threads_}), 16384 / (height_ * width_)));
    for_each_item(pool, threads_, (planes_ + chunk - 1) / chunk, [&](int64_t item, unsigned thread) {
        for (int64_t plane = item * chunk; plane < std::min(planes_, (item + 1) * chunk); ++plane) {
            run_plane(x + plane * height_ * width_, y + plane * out_h_ * out_w_, workspace_ + thread * thread_bytes_);
        }
    });
}

template <class T>
void Pooling<T>::run_plane(const T* plane, T* out, void* space) const {
    if constexpr (sizeof(T) < sizeof(float)) {
        if (window_.average) return run_widened(plane, out, static_cast<float*>(space));
    }
    pool_plane<T>(plane, out, static_cast<T*>(space));
}

template <class T>
void Pooling<T>::run_widened(const T* plane, T* out, float* space) const {
    if constexpr (sizeof(T) < sizeof(float)) {
        float *const wide = space + row_elements(), *const wide_out = wide + height_ * width_;
        widen(plane, wide, height_ * width_);
        pool_plane<float>(wide, wide_out, space);
        narrow(wide_out, out, out_h_ * out_w_);
    }
}

template <class T>
template <class A>
void Pooling<T>::pool_plane(const A* plane, A* out, A* row) const {
    const PlanarKernels<A>& kernels = planar_kernels<A>();
    const auto combine = kernels.pool_rows[window_.average];
    const A nothing(window_.average ? 0.0f : -std::numeric_limits<float>::infinity());
    std::fill_n(row, row_elements(), nothing);
    A* const inner = row + window_.pad_left;
    for (int64_t r = 0; r < out_h_; ++r, out += out_w_) {
        combine_rows(plane, width_, window_rows(window_, r, height_), inner,
                     [&](const A* const* rows, int64_t count) { combine({rows, count, width_, inner}); });
        kernels.pool_taps[window_.average]({row, window_.kernel_w, window_.stride_w, out_w_, out});
        if constexpr (sizeof(A) == sizeof(float)) {
            if (window_.average) divide(out, r);
        }
    }
}

template <class T>
void Pooling<T>::divide(float* out, int64_t out_row) const {
    const int64_t first = out_row * window_.stride_h - window_.pad_top;
    const float rows = float(counted_places(first, window_.kernel_h, height_, window_.count_padding));
    for (int64_t x = 0; x < out_w_; ++x) out[x] /= rows * column_counts_[size_t(x)];
}

template <class T>
void mean_of_planes(const T* x, T* y, int64_t planes, int64_t count, unsigned threads, ThreadPool& pool) {
    const int64_t chunk = std::max<int64_t>(1, std::min(planes / (4 * int64_t{threads}), 65536 / count));
    for_each_item(pool, threads, (planes + chunk - 1) / chunk, [&](int64_t item, unsigned) {
        for (int64_t plane = item * chunk; plane < std::min(planes, (item + 1) * chunk); ++plane) {
            y[plane] = T(planar_kernels<T>().sum(x + plane * count, count) / float(count));
        }
    });
}

template class Pooling<float>;
template class Pooling<Half>;
template void mean_of_planes(const float*, float*, int64_t, int64_t, unsigned, ThreadPool&);
template void mean_of_planes(const Half*, Half*, int64_t, int64_t, unsigned, ThreadPool&);

}  // namespace ubp
