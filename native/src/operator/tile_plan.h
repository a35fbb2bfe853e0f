// Cuts the stream of output positions into tiles so that the whole costs least, ragged end included; and a layer's rows
// into ranges where there are few tiles for many threads.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/wros/walk.h"

namespace ubp {

struct Tile {
    int64_t first;  // output position, counted through all images
    int count;      // positions that exist; the kernel may be wider
    int kernel;     // index into the tiles of a kernel set
};

// A kernel that may be used.
struct TileChoice {
    int width, kernel;
    double cost;  // of one tile, in any unit
};

// Tiles for `images` runs of `plane` positions. Few positions per image: tiles may span images.
std::vector<Tile> plan_tiles(const std::vector<TileChoice>& choices, int64_t images, int64_t plane);

// The kernels of one block size. T: float or Half.
template <class T>
std::vector<TileChoice> choices_of(const KernelSet<T>& kernels, int block_size);
template <class T>
std::vector<Tile> plan_tiles(const KernelSet<T>& kernels, int block_size, int64_t images, int64_t plane) {
    return plan_tiles(choices_of(kernels, block_size), images, plane);
}

// Groups of rows that one thread computes for one tile.
struct RowRange {
    uint32_t first_group, groups;
};
std::vector<RowRange> split_rows(uint32_t groups, size_t tiles, unsigned threads);

}  // namespace ubp
