// What shape a node's result has, and whether its operands fit it: rules 8 and 9 of "Nodes" in docs/format.md.
#pragma once

#include "ubp/graph.h"
#include "ubp/packed_file.h"

namespace ubp::file {

/// Channels, height, width.
struct ImageShape {
    uint64_t channels, height, width;
    bool operator==(const ImageShape& other) const {
        return channels == other.channels && height == other.height && width == other.width;
    }
};

inline ImageShape shape_of(const GraphTensor& tensor) { return {tensor.channels, tensor.height, tensor.width}; }

/// The shape of what node `index` makes; its operands exist and its numbers are in their ranges.
bool node_result(const Graph& graph, uint32_t index, const std::vector<FileLayer>& layers, ImageShape& result,
                 FileError& error);

}  // namespace ubp::file
