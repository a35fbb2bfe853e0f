// Measures a group: checks, warms up, and lets its entries take turns.
#pragma once

#include <vector>

#include "grid.h"
#include "progress.h"
#include "row.h"
#include "thread_pools.h"

namespace ubp::bench {

/// Rows in the order files, kernels, threads. Throws BadInput where a kernel can't run a layer.
std::vector<Row> run_group(const Group& group, ThreadPools& pools, const Options& options, Progress& progress);

}  // namespace ubp::bench
