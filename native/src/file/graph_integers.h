// What only nodes of int8 have: scales that stay, tables, factors. Rules 12 to 14 of "Nodes" in docs/format.md.
#pragma once

#include "file/format.h"
#include "ubp/packed_file.h"

namespace ubp::file {

/// What bytes mean is in its range; `where` with the labels names the fields.
bool check_affine(float scale, int32_t zero_point, const char* where, const char* prefix, FileError& error);

/// Whether a layer of int8 makes fp32, as it may where its activation is a clamp.
bool makes_numbers(const GraphNode& node, const std::vector<FileLayer>& layers, const GraphTensor& result);

/// The tables of a graph, taken in the order of the nodes that have one.
class TableReader {
public:
    /// The section's bytes, a multiple of 256, and its index.
    TableReader(const uint8_t* data, uint64_t size, uint32_t section)
        : data_(data), count_(uint32_t(size / kTableSize)), section_(section) {}

    /// The table of node `index`, or null where it needs none. `number` as its record has it.
    bool take(uint32_t number, bool needed, uint32_t index, const uint8_t*& table, FileError& error);
    /// Refuses tables that no node has.
    bool finish(FileError& error) const;

private:
    const uint8_t* data_;
    uint32_t count_, section_, taken_ = 0;
};

/// Checks node `index`, whose operands, shapes and types are sound, and gives it its table.
bool check_integer_node(Graph& graph, uint32_t index, const NodeRecord& record, const std::vector<FileLayer>& layers,
                        TableReader& tables, FileError& error);

}  // namespace ubp::file
