// An int8 layer of a file as the kernels' preparation wants it: factors of its rows, and where a sparse layer runs
// dense, its weights filled up with zeros.
#pragma once

#include <vector>

#include "operator/integers/integer_layer.h"
#include "operator/integers/layer_end.h"
#include "ubp/convolution.h"

namespace ubp {

struct LayerArrays {
    IntegerLayer view;  // points into the file, or into what is here
    std::vector<float> factors;
    std::vector<int8_t> filled;

    // filled_up: as a dense layer, whatever it is.
    LayerArrays(const LayerView& layer, const IntegerTensors& tensors, bool filled_up);
    LayerArrays(const LayerArrays&) = delete;
};

// What the layer makes of its sums.
LayerEnd end_of(const LayerView& layer, const IntegerTensors& tensors, bool residual);

}  // namespace ubp
