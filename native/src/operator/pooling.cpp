#include "operator/pooling.h"

#include <algorithm>
#include <limits>

#include "operator/cores.h"
#include "threads/item_loop.h"

namespace ubp {
namespace {

constexpr int64_t behind = 16;  // floats that the kernels may read behind a row
constexpr int64_t most_rows = 64;

// How many of a window's places along one axis count.
int64_t count_places(int64_t first, int64_t kernel, int64_t size, bool count_padding) {
    return count_padding ? kernel : std::min(first + kernel, size) - std::max<int64_t>(first, 0);
}

}  // namespace

Pooling::Pooling(const PoolWindow& window, int64_t planes, int64_t height, int64_t width, int64_t out_h, int64_t out_w,
                 unsigned threads)
    : window_(window),
      planes_(planes),
      height_(height),
      width_(width),
      out_h_(out_h),
      out_w_(out_w),
      threads_(threads) {
    const int64_t reach = (out_w - 1) * window.stride_w + window.kernel_w;
    thread_floats_ = size_t((std::max(reach, window.pad_left + width) + behind + 15) / 16 * 16);
    for (int64_t x = 0; window.average && x < out_w; ++x) {
        const int64_t first = x * window.stride_w - window.pad_left;
        column_counts_.push_back(float(count_places(first, window.kernel_w, width, window.count_padding)));
    }
}

void Pooling::run(const float* x, float* y, ThreadPool& pool) const {
    const int64_t chunk = std::max<int64_t>(1, std::min(planes_ / (4 * int64_t{threads_}), 16384 / (height_ * width_)));
    for_each_item(pool, threads_, (planes_ + chunk - 1) / chunk, [&](int64_t item, unsigned thread) {
        for (int64_t plane = item * chunk; plane < std::min(planes_, (item + 1) * chunk); ++plane) {
            run_plane(x + plane * height_ * width_, y + plane * out_h_ * out_w_, workspace_ + thread * thread_floats_);
        }
    });
}

void Pooling::run_plane(const float* plane, float* out, float* row) const {
    const PlanarKernels& kernels = planar_kernels();
    const auto combine = kernels.pool_rows[window_.average];
    const float nothing = window_.average ? 0.0f : -std::numeric_limits<float>::infinity();
    std::fill_n(row, thread_floats_, nothing);
    float* const inner = row + window_.pad_left;
    for (int64_t r = 0; r < out_h_; ++r, out += out_w_) {
        const int64_t first = r * window_.stride_h - window_.pad_top;
        const int64_t begin = std::max<int64_t>(first, 0), end = std::min(first + window_.kernel_h, height_);
        const float* rows[most_rows];
        for (int64_t at = begin; at < end;) {  // windows of many rows in parts
            int64_t count = 0;
            if (at > begin) rows[count++] = inner;
            while (at < end && count < most_rows) rows[count++] = plane + at++ * width_;
            combine({rows, count, width_, inner});
        }
        kernels.pool_taps[window_.average]({row, window_.kernel_w, window_.stride_w, out_w_, out});
        if (window_.average) divide(out, r);
    }
}

void Pooling::divide(float* out, int64_t out_row) const {
    const int64_t first = out_row * window_.stride_h - window_.pad_top;
    const float rows = float(count_places(first, window_.kernel_h, height_, window_.count_padding));
    for (int64_t x = 0; x < out_w_; ++x) out[x] /= rows * column_counts_[size_t(x)];
}

void mean_of_planes(const float* x, float* y, int64_t planes, int64_t count, unsigned threads, ThreadPool& pool) {
    const int64_t chunk = std::max<int64_t>(1, std::min(planes / (4 * int64_t{threads}), 65536 / count));
    for_each_item(pool, threads, (planes + chunk - 1) / chunk, [&](int64_t item, unsigned) {
        for (int64_t plane = item * chunk; plane < std::min(planes, (item + 1) * chunk); ++plane) {
            y[plane] = planar_kernels().sum(x + plane * count, count) / float(count);
        }
    });
}

}  // namespace ubp
