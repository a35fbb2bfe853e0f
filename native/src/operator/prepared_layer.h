// A layer's arrays in the form the kernels walk: counts per start row, padded columns and bias, or packed dense rows.
#pragma once

#include <cstdint>
#include <vector>

#include "operator/aligned_buffer.h"
#include "ubp/layer.h"

namespace ubp {

// T: what the kernels compute in. Weights of another type are copied.
template <class T>
struct PreparedLayer {
    int block_size = 0;                 // of the kernels: 0 for dense
    bool aligned = false;               // counts are per group, not per start row
    uint32_t group_rows = 0;            // N, or 8
    uint32_t groups = 0;                // ceil(R / group_rows)
    std::vector<uint32_t> counts;       // [groups * N] or [groups]
    std::vector<uint32_t> group_begin;  // [groups + 1] first block of each group
    const uint16_t* columns = nullptr;  // [B + 2], the layer's own
    AlignedArray<T> bias;               // [(groups + 1) * group_rows][lanes], each value in a whole vector
    AlignedArray<T> owned;              // weights where they are not used in place
    const T* weights = nullptr;

    // Of all that is kept beside the layer's arrays.
    size_t bytes() const {
        return sizeof(T) * (bias.size() + owned.size()) + sizeof(uint32_t) * (counts.size() + group_begin.size());
    }
};

// True where every block starts at a multiple of the block size.
bool has_aligned_blocks(const LayerView& layer);

template <class T>
PreparedLayer<T> prepare_sparse(const LayerView& layer, bool aligned);

// Rows in blocks of 8, [groups][K][8]; a sparse layer is filled up with zeros.
template <class T>
PreparedLayer<T> prepare_dense(const LayerView& layer);

}  // namespace ubp
