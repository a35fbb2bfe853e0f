// What only layers of int8 have: symmetric weights, scales, an order of columns, sums that can't overflow.
#pragma once

#include "file/format.h"
#include "ubp/packed_file.h"

namespace ubp::file {

/// No weight of -128; scales finite and above 0; the order of the columns, where there is one, has each of them once.
bool check_integers(const LayerView& view, uint64_t weights, uint32_t layer, FileError& error);

/// In the last of the groups of four columns, places that have no column are 0.
bool check_filled_columns(const LayerView& view, uint32_t layer, FileError& error);

/// No input makes a row's sum overflow an i32. Holds one number for each row, which the file has too.
bool check_sums(const LayerView& view, uint32_t layer, FileError& error);

}  // namespace ubp::file
