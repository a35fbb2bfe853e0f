#include "operator/integers/pooling.h"

#include <algorithm>

#include "threads/item_loop.h"

namespace ubp {
namespace {

constexpr int64_t item_bytes = 16384;

// scale_a / (scale * n), in fp64 and rounded once.
float mean_factor(const Affine& given, const Affine& made, int64_t count) {
    return float(double(given.scale) / (double(made.scale) * double(count)));
}

}  // namespace

IntegerPooling::IntegerPooling(const PoolWindow& window, const Affine& given, const Affine& made, int64_t planes,
                               int64_t height, int64_t width, int64_t out_h, int64_t out_w, unsigned threads)
    : window_(window),
      given_(given),
      made_(made),
      planes_(planes),
      height_(height),
      width_(width),
      out_h_(out_h),
      out_w_(out_w),
      threads_(threads) {
    const int64_t elements = row_elements() + (window.average ? out_w : 0);
    const int64_t bytes = elements * int64_t(window.average ? sizeof(int32_t) : 1);
    thread_bytes_ = size_t((bytes + 63) / 64 * 64);
    if (window.average) plan_factors();
}

// Of the row that windows are combined into.
int64_t IntegerPooling::row_elements() const {
    const int64_t reach = (out_w_ - 1) * window_.stride_w + window_.kernel_w;
    return std::max(reach, window_.pad_left + width_);
}

void IntegerPooling::plan_factors() {
    std::vector<int64_t> counts;  // different numbers of rows
    for (int64_t y = 0; y < out_h_; ++y) {
        const int64_t first = y * window_.stride_h - window_.pad_top;
        const int64_t rows = counted_places(first, window_.kernel_h, height_, window_.count_padding);
        const auto found = std::find(counts.begin(), counts.end(), rows);
        row_of_factors_.push_back((found - counts.begin()) * out_w_);
        if (found == counts.end()) counts.push_back(rows);
    }
    for (const int64_t rows : counts) {
        for (int64_t x = 0; x < out_w_; ++x) {
            const int64_t first = x * window_.stride_w - window_.pad_left;
            const int64_t columns = counted_places(first, window_.kernel_w, width_, window_.count_padding);
            factors_.push_back(mean_factor(given_, made_, rows * columns));
        }
    }
}

void IntegerPooling::run(const uint8_t* x, uint8_t* y, ThreadPool& pool) const {
    const int64_t plane_bytes = height_ * width_;
    const int64_t chunk = std::max<int64_t>(1, std::min(planes_ / (4 * int64_t{threads_}), item_bytes / plane_bytes));
    for_each_item(pool, threads_, (planes_ + chunk - 1) / chunk, [&](int64_t item, unsigned thread) {
        void* const space = workspace_ + thread * thread_bytes_;
        for (int64_t plane = item * chunk; plane < std::min(planes_, (item + 1) * chunk); ++plane) {
            const uint8_t* const from = x + plane * plane_bytes;
            uint8_t* const to = y + plane * out_h_ * out_w_;
            if (window_.average) take_means(from, to, static_cast<int32_t*>(space));
            else take_largest(from, to, static_cast<uint8_t*>(space));
        }
    });
}

void IntegerPooling::take_largest(const uint8_t* plane, uint8_t* out, uint8_t* row) const {
    std::fill_n(row, row_elements(), uint8_t(0));  // padding: every window has something that is as large
    uint8_t* const inner = row + window_.pad_left;
    for (int64_t y = 0; y < out_h_; ++y, out += out_w_) {
        combine_rows(
            plane, width_, window_rows(window_, y, height_), inner,
            [&](const uint8_t* const* rows, int64_t count) { take_largest_rows({rows, count, width_}, inner); });
        take_largest_taps({row, window_.kernel_w, window_.stride_w, out_w_}, out);
    }
}

void IntegerPooling::take_means(const uint8_t* plane, uint8_t* out, int32_t* row) const {
    const ByteLimits limits(made_.zero_point);
    int32_t *const inner = row + window_.pad_left, *const sums = row + row_elements();
    std::fill_n(row, row_elements(), 0);
    for (int64_t y = 0; y < out_h_; ++y, out += out_w_) {
        std::fill_n(inner, width_, 0);
        combine_rows<uint8_t>(plane, width_, window_rows(window_, y, height_), nullptr,
                              [&](const uint8_t* const* rows, int64_t count) {
                                  add_rows({rows, count, width_}, given_.zero_point, inner);
                              });
        add_taps({row, window_.kernel_w, window_.stride_w, out_w_}, sums);
        SumsEnd end;
        end.sums = sums, end.count = out_w_;
        end.factors = factors_.data() + row_of_factors_[size_t(y)], end.factor_each = true;
        end_sums(end, limits, out);
    }
}

void byte_means_of_planes(const uint8_t* x, uint8_t* y, int64_t planes, int64_t count, const Affine& given,
                          const Affine& made, unsigned threads, ThreadPool& pool) {
    constexpr int64_t most = 64;  // planes of an item
    const ByteLimits limits(made.zero_point);
    const float factor = mean_factor(given, made, count);
    const int64_t zeros = count * given.zero_point;
    const int64_t chunk = std::max<int64_t>(1, std::min(most, planes / (4 * int64_t{threads})));
    for_each_item(pool, threads, (planes + chunk - 1) / chunk, [&](int64_t item, unsigned) {
        int32_t sums[most];
        const int64_t first = item * chunk, number = std::min(chunk, planes - first);
        for (int64_t i = 0; i < number; ++i) sums[i] = int32_t(sum_of_bytes(x + (first + i) * count, count) - zeros);
        SumsEnd end;
        end.sums = sums, end.count = number, end.factors = &factor;
        end_sums(end, limits, y + first);
    });
}

}  // namespace ubp
