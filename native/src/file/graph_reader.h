// The graph of a network: records, order, shapes, and the plan of the arena.
#pragma once

#include "file/section_table.h"
#include "file/texts.h"
#include "ubp/graph.h"

namespace ubp::file {

/// Reads the graph from the four sections that begin at `first`; layers must be checked. Allocates only what the sizes
/// of these sections vouch for.
bool read_graph(Bytes bytes, uint32_t first, const std::vector<FileLayer>& layers, TextReader& texts, Graph& graph,
                FileError& error);

}  // namespace ubp::file
