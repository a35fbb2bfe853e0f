// The weights of a Winograd convolution, transformed once when an operator is made.
#pragma once

#include "operator/aligned_buffer.h"
#include "ubp/layer.h"

namespace ubp {

template <class A>
struct WinogradWeights {
    // [(side + 2)^2], and for every part of the channels [ceil(R / 8)][channels][8]; one block more that kernels may
    // read; zeros in rows beyond R.
    AlignedArray<A> elements;
    // [R] powers of two that outputs are multiplied by. The weights of fp16 are so small, row by row, that inputs up to
    // winograd_largest_input can't bring any sum on the way above what fp16 holds. In fp32 ones.
    AlignedArray<A> scale;

    size_t bytes() const { return sizeof(A) * (elements.size() + scale.size()); }
};

// Larger inputs may overflow in fp16 on their way to an output that does not, if all of them work together. With more
// room above, there is less below: the scales take the smallest steps of fp16 with them.
constexpr double winograd_largest_input = 655;

// Computed in double precision and rounded once. `layer`: 3x3, one group; a sparse one is filled up with zeros.
template <class A>
WinogradWeights<A> winograd_weights(const LayerView& layer, int side);

}  // namespace ubp
