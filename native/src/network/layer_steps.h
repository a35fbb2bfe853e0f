// Steps that apply a layer: convolutions (one for each group), depthwise, linear.
#pragma once

#include "network/step.h"

namespace ubp {

// Where a layer's tensors are.
struct LayerPlaces {
    const void* x;
    void* y;
    const void* addend;  // null: none; may be y
    const GraphTensor *in, *out;
    IntegerTensors integers;  // of a layer of int8
};

std::unique_ptr<Step> make_depthwise(const LayerView& layer, const LayerPlaces& places, const NetworkOptions& options,
                                     std::string& error);
std::unique_ptr<Step> make_linear(const LayerView& layer, const LayerPlaces& places, const NetworkOptions& options);
// `kernel`: set to what runs.
std::unique_ptr<Step> make_convolution(const LayerView& layer, const LayerPlaces& places, const NetworkOptions& options,
                                       const char*& kernel, std::string& error);

// True where the layer's kernel sees the whole image once, so that it is a product of a matrix and a vector.
bool is_linear(const LayerView& layer, const LayerPlaces& places);

}  // namespace ubp
