// The weights of a Winograd convolution, transformed once when an operator is made.
#pragma once

#include "operator/aligned_buffer.h"
#include "ubp/layer.h"

namespace ubp {

// [(side + 2)^2][ceil(R / 8)][C][8] floats, and one block more that kernels may read; zeros in rows beyond R. Computed
// in double precision. `layer`: 3x3, one group; a sparse one is filled up with zeros.
AlignedBuffer winograd_weights(const LayerView& layer, int side);

}  // namespace ubp
