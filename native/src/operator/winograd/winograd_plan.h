// Whether a layer runs by Winograd, with which tiles, and in how large batches: by an estimate of what each way costs.
#pragma once

#include <algorithm>
#include <cstdint>

#include "packing/geometry.h"
#include "ubp/convolution.h"

namespace ubp {

struct WinogradPlan {
    // Outputs of a tile in each direction: 4 or 6; 0: plain code costs less, or the layer's shape forbids.
    int side = 0;
    int64_t tiles_h = 0, tiles_w = 0;  // of an image
    int64_t batch_rows = 0;            // rows of tiles (through all images) that are computed at a time
};

// Channels whose products are summed on their own, before these sums are added. The error of a sum in fp16 grows with
// its length, by as much as the transforms' own at about 64 products.
template <class A>
int64_t winograd_part(int64_t channels) {
    return sizeof(A) == 4 ? channels : std::max<int64_t>(64, (channels + 3) / 4);
}

// 3x3, stride 1, dilation 1, any padding, at least 8 input channels.
bool allows_winograd(const LayerView& layer);

// T: type of inputs and outputs; A: what is multiplied and summed.
template <class T, class A>
WinogradPlan plan_winograd(const LayerView& layer, const Geometry& geometry, const ConvolutionOptions& options);

}  // namespace ubp
