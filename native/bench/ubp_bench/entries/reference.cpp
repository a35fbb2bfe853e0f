#include "reference.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ubp::bench {
namespace {

double activate(double value, Activation activation) {
    switch (activation) {
        case Activation::relu: return std::max(value, 0.0);
        case Activation::relu6: return std::clamp(value, 0.0, 6.0);
        case Activation::hard_swish: return value * std::clamp(value + 3.0, 0.0, 6.0) / 6.0;
        default: return value;
    }
}

constexpr int64_t kPart = 1 << 20;  // some milliseconds, so that asking for the time costs nothing

struct Reference {
    const LayerView& layer;
    const Shape& shape;
    const std::vector<float>& x;
    Expected& out;
    const std::function<void(int64_t)>& on_part;
    int64_t done = 0, told = 0;

    /// Adds one weight's share to all outputs of its row.
    void add_weight(int64_t row, int64_t column, double weight) {
        done += shape.batch * shape.out_plane();
        if (done - told >= kPart) on_part(told = done);
        const int64_t taps = int64_t{layer.kernel_h} * layer.kernel_w;
        const int64_t channel = column / taps, tap = column % taps;
        for (int64_t image = 0; image < shape.batch; ++image) {
            const float* plane = x.data() + (image * layer.in_channels + channel) * shape.height * shape.width;
            const int64_t to = (image * layer.rows + row) * shape.out_plane();
            for (int64_t h = 0; h < shape.out_height; ++h) {
                const int64_t from_h = h * layer.stride_h + tap / layer.kernel_w * layer.dilation_h - layer.pad_h;
                if (from_h < 0 || from_h >= shape.height) continue;
                for (int64_t w = 0; w < shape.out_width; ++w) {
                    const int64_t from_w = w * layer.stride_w + tap % layer.kernel_w * layer.dilation_w - layer.pad_w;
                    if (from_w < 0 || from_w >= shape.width) continue;
                    const double product = weight * double(plane[from_h * shape.width + from_w]);
                    out.y[size_t(to + h * shape.out_width + w)] += product;
                    out.scale[size_t(to + h * shape.out_width + w)] += std::fabs(product);
                }
            }
        }
    }

    void add_weights() {
        if (layer.block_size == 0) {
            for (int64_t row = 0; row < layer.rows; ++row)
                for (int64_t column = 0; column < layer.columns; ++column)
                    add_weight(row, column, layer.weight(layer.dense_index(size_t(row), size_t(column))));
            return;
        }
        const int64_t n = layer.block_size;
        for (int64_t start = 0; start + n <= layer.rows; ++start)
            for (int64_t block = layer.row_begin[start]; block < layer.row_begin[start + 1]; ++block)
                for (int64_t row = start; row < start + n; ++row)
                    add_weight(row, layer.block_column[block], layer.weight(size_t(block * n + row % n)));
    }
};

}  // namespace

int64_t reference_work(const LayerView& layer, const Shape& shape) {
    const int64_t weights =
        layer.block_size ? int64_t{layer.block_count} * layer.block_size : int64_t{layer.rows} * layer.columns;
    return weights * shape.batch * shape.out_plane();
}

Expected run_reference(const LayerView& layer, const Shape& shape, const std::vector<float>& x,
                       const std::function<void(int64_t)>& on_part) {
    Expected out;
    const size_t count = size_t(shape.batch * layer.rows * shape.out_plane());
    out.y.resize(count);
    out.scale.resize(count);
    for (size_t i = 0; i < count; ++i) {
        const float bias = layer.bias[i / size_t(shape.out_plane()) % layer.rows];
        out.y[i] = bias;
        out.scale[i] = std::fabs(bias);
    }
    Reference{layer, shape, x, out, on_part}.add_weights();
    for (double& value : out.y) value = activate(value, layer.activation);
    return out;
}

double largest_error(const Expected& expected, const std::vector<float>& y) {
    double worst = 0;
    for (size_t i = 0; i < y.size(); ++i) {
        if (!std::isfinite(y[i])) return std::numeric_limits<double>::infinity();
        const double error = std::fabs(double(y[i]) - expected.y[i]);
        // Outputs without any input are the bias, exactly: then the scale may be 0, and so must be the error.
        if (error > 0) worst = std::max(worst, error / std::max(expected.scale[i], std::numeric_limits<double>::min()));
    }
    return worst;
}

}  // namespace ubp::bench
