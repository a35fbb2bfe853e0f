// The loops by which expected outputs of a layer are made: all weights that are kept, each over the whole image. Shares
// no code with the operators.
#pragma once

#include <cstdint>
#include <functional>

#include "ubp/layer.h"

namespace ubp::bench {

/// Sizes of one run.
struct Shape {
    int64_t batch, height, width, out_height, out_width;

    int64_t plane() const { return height * width; }
    int64_t out_plane() const { return out_height * out_width; }
};

/// Of all groups.
inline int64_t input_channels(const LayerView& layer) { return int64_t{layer.in_channels} * layer.groups; }

/// Weights that a layer keeps; without places of a block that have no column.
int64_t kept_weights(const LayerView& layer);

double activate(double x, Activation activation);

/// Calls visit(row, column, place) for every weight that is kept; `place` is where it stands in `weights`.
template <class Visit>
void for_each_weight(const LayerView& layer, const Visit& visit) {
    if (layer.block_size == 0) {
        for (uint32_t row = 0; row < layer.rows; ++row)
            for (uint32_t column = 0; column < layer.columns; ++column)
                visit(row, column, layer.dense_index(row, column));
        return;
    }
    const uint32_t n = layer.block_size, wide = layer.block_columns;
    for (uint32_t start = 0; start + n <= layer.rows; ++start)
        for (uint32_t block = layer.row_begin[start]; block < layer.row_begin[start + 1]; ++block)
            for (uint32_t i = 0; i < n * wide; ++i) {
                const uint32_t row = start + i / wide, at = layer.block_column[block] * wide + i % wide;
                if (at >= layer.columns) continue;  // fills up the last group
                const uint32_t column = layer.column_order ? layer.column_order[at] : at;
                visit(row, column, (size_t{block} * n + row % n) * wide + i % wide);
            }
}

/// Told how many multiply-adds are done, again and again.
using OnPart = std::function<void(int64_t)>;

/// Every product of a run.
class PlainLoop {
public:
    PlainLoop(const LayerView& layer, const Shape& shape, const OnPart& on_part)
        : layer_(layer), shape_(shape), on_part_(on_part) {}

    /// Multiply-adds of all weights.
    static int64_t work(const LayerView& layer, const Shape& shape) {
        return kept_weights(layer) * shape.batch * shape.out_plane();
    }

    /// Calls add(output, input) for all places of one weight: where the output and the input of a product stand.
    template <class Add>
    void add_weight(int64_t row, int64_t column, const Add& add) {
        constexpr int64_t part = 1 << 20;  // some milliseconds, so that asking for the time costs nothing
        done_ += shape_.batch * shape_.out_plane();
        if (done_ - told_ >= part) on_part_(told_ = done_);
        const int64_t taps = int64_t{layer_.kernel_h} * layer_.kernel_w, tap = column % taps;
        const int64_t channel = row / (layer_.rows / layer_.groups) * layer_.in_channels + column / taps;
        const int64_t down = tap / layer_.kernel_w * layer_.dilation_h - layer_.pad_h;
        const int64_t across = tap % layer_.kernel_w * layer_.dilation_w - layer_.pad_w;
        for (int64_t image = 0; image < shape_.batch; ++image) {
            const int64_t from = (image * input_channels(layer_) + channel) * shape_.plane();
            const int64_t to = (image * layer_.rows + row) * shape_.out_plane();
            for (int64_t h = 0; h < shape_.out_height; ++h) {
                const int64_t from_h = h * layer_.stride_h + down;
                if (from_h < 0 || from_h >= shape_.height) continue;
                for (int64_t w = 0; w < shape_.out_width; ++w) {
                    const int64_t from_w = w * layer_.stride_w + across;
                    if (from_w < 0 || from_w >= shape_.width) continue;
                    add(size_t(to + h * shape_.out_width + w), size_t(from + from_h * shape_.width + from_w));
                }
            }
        }
    }

private:
    const LayerView& layer_;
    const Shape& shape_;
    const OnPart& on_part_;
    int64_t done_ = 0, told_ = 0;
};

}  // namespace ubp::bench
