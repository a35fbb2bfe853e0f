// Copies the inputs of one tile of output positions into a panel [K][stride], the only place the kernels read inputs
// from (im2col of one tile). Chooses the cheapest way per tile; knows nothing of weights.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/wros/walk.h"
#include "packing/geometry.h"

namespace ubp {

class PanelPacker {
public:
    static constexpr int most_positions = 36;  // of a tile, filled up to whole vectors

    explicit PanelPacker(const Geometry& geometry);

    // Packs output positions first .. first + count - 1 (positions run through all images, row by row) from
    // x [batch][C][H][W]. Every panel row has `stride` floats, a multiple of 4; those beyond `count` mean nothing.
    void pack(const CopyKernels& copies, const float* x, int64_t first, int count, int stride, float* panel);

private:
    void pack_consecutive(const CopyKernels& copies, const float* x, int64_t tap, bool masked, int stride, float* to);
    void pack_gathered(const float* x, int64_t tap, int64_t channel, int64_t channels, int stride, float* to);
    void find_positions(int stride);
    void find_masks(int stride);
    bool set_tap_mask(int64_t tap, int stride);  // false where the whole tap is inside the image

    Geometry geometry_;
    bool consecutive_ = false;  // stride 1 and as wide as the input: the sources of a tap follow each other
    bool padded_ = false;
    bool strided_ = false;  // packed by pack_strided_panel
    int64_t first_ = 0;     // of the current tile
    int count_ = 0;
    int64_t start_ = 0;                 // offset in x of the tile's first image
    int32_t top_[most_positions] = {};  // input row and column of each position's first tap
    int32_t left_[most_positions] = {};
    int32_t offset_[most_positions] = {};           // of that tap from start_; may lie outside
    bool in_row_[most_positions / 4] = {};          // four positions follow each other in one output row
    std::vector<uint32_t> row_mask_, column_mask_;  // [kernel_h or kernel_w][most_positions], zero: in the padding
    std::vector<uint8_t> row_inside_, column_inside_;
    uint32_t mask_[most_positions] = {};  // of the current tap
};

}  // namespace ubp
