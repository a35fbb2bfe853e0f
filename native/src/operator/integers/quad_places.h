// Which blocks stand in the quads of a start row. A quad that is not full costs as much as a full one, so blocks that
// would leave one nearly empty are cut in two, and take places that are free in quads of rows before and behind.
#pragma once

#include <cstdint>
#include <vector>

#include "operator/integers/integer_layer.h"

namespace ubp {

// Rows `begin` to `end` - 1 of a block.
struct BlockPart {
    uint32_t block = 0, begin = 0, end = 0;
};

// Parts by start row, or where blocks are aligned by group of N of them; `groups` * N rows.
using QuadPlaces = std::vector<std::vector<BlockPart>>;

QuadPlaces place_blocks(const IntegerLayer& layer, uint32_t groups, bool aligned);

}  // namespace ubp
