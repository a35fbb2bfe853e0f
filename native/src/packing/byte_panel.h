// Copies the bytes of one tile of output positions into a panel for the kernels of integers: less 128, as they want
// them, the zero point where a window lies outside the image, and neighbouring columns by fours where the form takes
// them so. Where windows overlap, are apart or reach outside, from a padded copy of the images in which every tap is a
// plain row. Knows nothing of weights.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/integers/walk.h"
#include "packing/geometry.h"

namespace ubp {

class BytePanelPacker {
public:
    static constexpr int most_positions = 32;  // of a tile

    BytePanelPacker() = default;
    // order: the column of each place of a panel of quads [columns]; null: as they are.
    BytePanelPacker(const Geometry& geometry, uint8_t zero_point, const uint16_t* order = nullptr);

    // Of the padded copy; 0: it is not needed, and panels are packed from x.
    size_t padded_bytes() const { return padded_bytes_; }
    // Plane `plane` (of batch * C) of x [batch][C][H][W] to its place in the copy.
    void pad(const uint8_t* x, int64_t plane, int8_t* padded) const;

    // Kept by it.
    size_t bytes() const { return places_.size() * sizeof(places_[0]); }
    // Bytes of the panel of a tile, with what a copy may write behind it.
    static size_t panel_bytes(const IntegerTile& tile, size_t columns);

    // Packs output positions first .. first + count - 1 (positions run through all images, row by row) from x or, where
    // there is one, from the padded copy. What belongs to positions beyond `count`, and to columns beyond K, means
    // nothing.
    void pack(const IntegerTile& tile, const void* from, int64_t first, int count, int8_t* panel) const;

private:
    // Positions whose sources follow each other.
    struct Run {
        int begin, count;
        int64_t offset;  // from the place of a column
    };
    struct Runs {
        Run run[most_positions];
        int count = 0;
    };

    Runs runs_of(int64_t first, int count) const;
    size_t plain_columns(const Runs& runs, int64_t count) const;
    template <int Count>
    void fill_rows(const uint8_t* from, const Runs& runs, size_t begin, size_t end, size_t stride, int8_t* to) const;
    // Of zipped tiles, and of the others.
    template <int Count>
    void pack_columns(const uint8_t* from, const Runs& runs, size_t stride, int8_t* panel) const;
    template <int V>
    void pack_quads(const uint8_t* from, const Runs& runs, int8_t* panel) const;

    Geometry geometry_;
    uint8_t zero_point_ = 0;
    int64_t row_positions_ = 1, row_bytes_ = 0;  // positions that follow each other, and what lies between such rows
    int64_t plane_bytes_ = 0, phase_bytes_ = 0;
    int64_t padded_rows_ = 0;
    int64_t phases_ = 1, row_step_ = 1;  // of the columns and rows of an image, those that windows see are copied
    int64_t source_bytes_ = 0;           // that panels are packed from
    int64_t largest_place_ = 0;          // of all columns
    size_t padded_bytes_ = 0;
    std::vector<int64_t> places_;  // of each column of the panel, in the first image
};

}  // namespace ubp
