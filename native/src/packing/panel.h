// Copies the inputs of one tile of output positions into a panel [K][stride], the only place the kernels read inputs
// from (im2col of one tile). Chooses the cheapest way per tile; knows nothing of weights.
#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "kernels/wros/walk.h"
#include "packing/geometry.h"

namespace ubp {

// T: float or Half.
template <class T>
class PanelPacker {
public:
    static constexpr int most_positions = 9 * lanes<T>;  // of a tile, filled up to whole vectors

    explicit PanelPacker(const Geometry& geometry);

    // Packs output positions first .. first + count - 1 (positions run through all images, row by row) from
    // x [batch][C][H][W]. Every panel row has `stride` elements, a multiple of lanes<T>; those beyond `count` mean
    // nothing.
    void pack(const CopyKernels<T>& copies, const T* x, int64_t first, int count, int stride, T* panel);

private:
    using Word = typename std::conditional<sizeof(T) == 4, uint32_t, uint16_t>::type;  // Bits<T> in arrays of its own

    void pack_consecutive(const CopyKernels<T>& copies, const T* x, int64_t tap, bool masked, int stride, T* to);
    void pack_gathered(const T* x, int64_t tap, int64_t channel, int64_t channels, int stride, T* to);
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
    int32_t offset_[most_positions] = {};          // of that tap from start_; may lie outside
    bool in_row_[most_positions / lanes<T>] = {};  // a vector of positions that follow each other in an output row
    std::vector<Word> row_mask_, column_mask_;     // [kernel_h or kernel_w][most_positions], zero: in the padding
    std::vector<uint8_t> row_inside_, column_inside_;
    Word mask_[most_positions] = {};  // of the current tap
};

}  // namespace ubp
