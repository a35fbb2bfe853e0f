// Measures a group: checks, warms up, and lets its entries take turns.
#pragma once

#include <vector>

#include "entries/entry.h"
#include "grid.h"
#include "output/progress.h"
#include "output/row.h"
#include "machine/thread_pools.h"

namespace ubp::bench {

/// Warms entries up, lets them take turns, and completes their rows. They must have been checked.
std::vector<Row> measure(Entries& entries, const Options& options, Progress& progress);

/// Rows in the order files, kernels, threads. Throws BadInput where a kernel can't run a layer.
std::vector<Row> run_group(const Group& group, ThreadPools& pools, const Options& options, Progress& progress);

}  // namespace ubp::bench
