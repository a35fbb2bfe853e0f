// Steps on tensors of int8, but the convolutions (layer_steps.h), which are told here what bytes mean.
#pragma once

#include "network/layer_steps.h"
#include "operator/pooling.h"

namespace ubp {

// What the bytes of a node that applies an int8 layer mean.
IntegerTensors integer_tensors_of(const Graph& graph, size_t index);

std::unique_ptr<Step> make_integer_depthwise(const LayerView& layer, const LayerPlaces& places,
                                             const NetworkOptions& options, std::string& error);

// A node that applies no layer, and takes or makes bytes.
std::unique_ptr<Step> make_integer_step(const StepMaker& maker, size_t index);

}  // namespace ubp
