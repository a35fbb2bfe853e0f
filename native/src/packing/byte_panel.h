// Copies the bytes of one tile of output positions into a panel for the kernels of integers: less 128, as they want
// them, the zero point where a window lies outside the image, and neighbouring columns by fours where the form takes
// them so. Knows nothing of weights.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/integers/walk.h"
#include "packing/geometry.h"

namespace ubp {

class BytePanelPacker {
public:
    static constexpr int most_positions = 32;  // of a tile

    // order: the column of each place of a panel of quads [columns]; null: as they are.
    BytePanelPacker(const Geometry& geometry, uint8_t zero_point, const uint16_t* order = nullptr);

    // Packs output positions first .. first + count - 1 (positions run through all images, row by row) from
    // x [batch][C][H][W]. What belongs to positions beyond `count`, and to columns beyond K, means nothing.
    void pack(const IntegerTile& tile, const uint8_t* x, int64_t first, int count, int8_t* panel);

private:
    // Positions whose sources follow each other, all inside the image or all outside.
    struct Run {
        int16_t begin, count;
        int64_t offset;  // from the first image's channel; negative: outside
    };

    void find_runs(int64_t first, int count);
    int64_t offset_of(int64_t position, int64_t tap) const;
    void fill_row(const uint8_t* x, size_t column, int8_t* to) const;

    Geometry geometry_;
    uint8_t zero_point_;
    const uint16_t* order_;
    std::vector<Run> runs_;          // of the current tile, tap by tap
    std::vector<size_t> run_begin_;  // [taps + 1]
};

}  // namespace ubp
