// One layer's arrays: that its sections are the right ones, and every element in them.
#pragma once

#include "file/format.h"
#include "file/section_table.h"
#include "ubp/packed_file.h"

namespace ubp::file {

/// Fills a view from the sections that begin at `section`, and moves `section` behind them. The record must be checked.
bool view_arrays(Bytes bytes, uint32_t section_count, const LayerRecord& record, uint32_t layer, uint32_t& section,
                 LayerView& view, FileError& error);

/// Checks row pointers, columns, the aligned flag and that all numbers are finite.
/// One pass per rule over the data, with 8 KB of memory whatever the layer's size, and of int8 4 bytes for each row.
bool check_arrays(const LayerView& view, uint32_t flags, uint32_t layer, FileError& error);

/// Number of start rows: rows a block can begin at.
inline uint32_t start_rows(uint32_t rows, uint32_t block_size) {
    return rows >= block_size ? rows - block_size + 1 : 0;
}

}  // namespace ubp::file
