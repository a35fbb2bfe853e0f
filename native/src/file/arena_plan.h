// Whether every tensor is used, and whether no tensor overlaps another one that is still needed when it is made.
#pragma once

#include "ubp/graph.h"
#include "ubp/packed_file.h"

namespace ubp::file {

/// Every layer is applied, and every tensor is used.
bool check_uses(const Graph& graph, uint32_t layer_count, FileError& error);

/// The rules of "Arena" in docs/format.md.
bool check_arena(const Graph& graph, FileError& error);

}  // namespace ubp::file
