// Walks an accepted graph as a runtime would, by rules of its own.
#pragma once

#include "ubp/packed_file.h"

namespace ubp::fuzz {

/// "" where every tensor lies in the arena and still holds what was written to it when it is read; else what is wrong.
const char* walk_graph(const Graph& graph, size_t layer_count);

}  // namespace ubp::fuzz
