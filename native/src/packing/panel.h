// Copies the inputs of one tile of output positions into a panel [K][stride], the only place the kernels read inputs
// from (im2col of one tile). Chooses the cheapest way per tile; knows nothing of weights.
#pragma once

#include <cstdint>
#include <vector>

#include "packing/geometry.h"

namespace ubp {

class PanelPacker {
   public:
    static constexpr int most_positions = 36;  // of a tile, padded to vectors

    explicit PanelPacker(const Geometry& geometry);

    // Packs output positions first .. first + count - 1 (positions run through all images, row by row) from
    // x [batch][C][H][W]. Every panel row has `stride` floats, a multiple of 4; those beyond `count` are finite.
    void pack(const float* x, int64_t first, int count, int stride, float* panel);

   private:
    void pack_pointwise(const float* x, int64_t first, int count, int stride, float* panel) const;
    void pack_shifted(const float* x, int64_t first, int count, int stride, float* panel);
    void pack_gathered(const float* x, int64_t first, int count, int stride, float* panel);
    void find_sources(int64_t first, int count, int stride);

    Geometry geometry_;
    bool shifted_ = false;           // stride 1 and as wide as the input: sources of a tap are consecutive
    std::vector<int32_t> source_;    // [taps][most_positions] offset from the tile's first plane
    std::vector<uint32_t> mask_;     // [taps][most_positions] all ones inside the image, zero in the padding
    std::vector<uint8_t> interior_;  // [taps] every mask is ones
};

}  // namespace ubp
