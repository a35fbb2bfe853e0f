// Runs an accepted graph under the sanitizers, so that a fault of an operator is found and not only one of a reader.
#pragma once

#include <cstdint>

#include "ubp/packed_file.h"

namespace ubp::fuzz {

/// Whether the graph is small enough to be run among millions, and of types that the runtime has.
bool is_small(const PackedFile& file);

/// Runs the graph node by node, twice: with kernels and threads that `choice` picks, then with others. While a node
/// runs, all of the arena but its operands and its result is poisoned. "" where both give the same; else what is wrong.
const char* run_graph(const PackedFile& file, uint64_t choice);

}  // namespace ubp::fuzz
