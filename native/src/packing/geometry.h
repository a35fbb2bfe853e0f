// Sizes of one convolution call: image, kernel, output. Plain numbers, checked where the operator is created.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ubp/layer.h"

namespace ubp {

struct Geometry {
    int64_t batch = 1, channels = 0, height = 0, width = 0;
    int64_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1;
    int64_t pad_h = 0, pad_w = 0, extra_h = 0, extra_w = 0, dilation_h = 1, dilation_w = 1;
    int64_t out_h = 0, out_w = 0;

    int64_t plane() const { return height * width; }
    int64_t out_plane() const { return out_h * out_w; }
    int64_t positions() const { return batch * out_plane(); }  // output positions of all images
    bool padded() const { return pad_h > 0 || pad_w > 0 || extra_h > 0 || extra_w > 0; }
    int64_t taps() const { return kernel_h * kernel_w; }
    int64_t input_floats() const { return batch * channels * plane(); }
};

inline Geometry geometry_of(const LayerView& layer, int64_t batch, int64_t height, int64_t width) {
    Geometry g;
    g.batch = batch, g.channels = int64_t{layer.in_channels} * layer.groups, g.height = height, g.width = width;
    g.kernel_h = layer.kernel_h, g.kernel_w = layer.kernel_w;
    g.stride_h = layer.stride_h, g.stride_w = layer.stride_w;
    g.pad_h = layer.pad_h, g.pad_w = layer.pad_w;
    g.extra_h = layer.extra_h, g.extra_w = layer.extra_w;
    g.dilation_h = layer.dilation_h, g.dilation_w = layer.dilation_w;
    const int64_t reach_h = g.dilation_h * (g.kernel_h - 1) + 1, reach_w = g.dilation_w * (g.kernel_w - 1) + 1;
    const int64_t free_h = height + 2 * g.pad_h + g.extra_h - reach_h;
    const int64_t free_w = width + 2 * g.pad_w + g.extra_w - reach_w;
    g.out_h = free_h < 0 || g.stride_h < 1 ? 0 : free_h / g.stride_h + 1;
    g.out_w = free_w < 0 || g.stride_w < 1 ? 0 : free_w / g.stride_w + 1;
    return g;
}

}  // namespace ubp
