// Marks for a counter of instructions outside of the program: native/bench/qemu_count. Without one they do nothing.
#pragma once

#include <cstdint>

namespace ubp::bench {

/// System call `prctl` with this option, which no kernel knows and every kernel refuses, is a mark.
constexpr unsigned long kMark = 0x5542504D;  // "UBPM"
constexpr unsigned long kBegin = 1, kEnd = 2;

/// Of a pair of marks with nothing in between: what the marks themselves cost.
constexpr int64_t kNothing = -1;

void mark(unsigned long what, int64_t entry);

}  // namespace ubp::bench
