// Whether a layer runs by Winograd, with which tiles, and in how large batches: by an estimate of what each way costs.
#pragma once

#include <cstdint>

#include "packing/geometry.h"
#include "ubp/convolution.h"

namespace ubp {

struct WinogradPlan {
    int side =
        0;  // outputs of a tile in each direction: 4 or 6; 0: plain code costs less, or the layer's shape forbids
    int64_t tiles_h = 0, tiles_w = 0;  // of an image
    int64_t batch_rows = 0;            // rows of tiles (through all images) that are computed at a time
};

// 3x3, stride 1, dilation 1, any padding.
bool allows_winograd(const LayerView& layer);

WinogradPlan plan_winograd(const LayerView& layer, const Geometry& geometry, const ConvolutionOptions& options);

}  // namespace ubp
