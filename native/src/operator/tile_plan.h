// Cuts the stream of output positions into tiles so that the whole costs least, ragged end included.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/wros/walk.h"

namespace ubp {

struct Tile {
    int64_t first;  // output position, counted through all images
    int count;      // positions that exist; the kernel may be wider
    int kernel;     // index into KernelSet::tiles
};

// T: float or Half. Tiles for `images` runs of `plane` positions. Few positions per image: tiles may span images.
template <class T>
std::vector<Tile> plan_tiles(const KernelSet<T>& kernels, int block_size, int64_t images, int64_t plane);

}  // namespace ubp
