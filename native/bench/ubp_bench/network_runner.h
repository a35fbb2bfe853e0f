// Measures whole networks: the files of one model take turns.
#pragma once

#include <memory>
#include <vector>

#include "entries/mapped_file.h"
#include "options.h"
#include "output/progress.h"
#include "output/row.h"
#include "machine/thread_pools.h"

namespace ubp::bench {

/// Files of networks whose entries take turns: those of one model.
using NetworkGroup = std::vector<const MappedFile*>;

/// The files that are networks, unless single layers were asked for; throws BadInput where an option does not fit one.
std::vector<NetworkGroup> make_network_groups(const std::vector<std::unique_ptr<MappedFile>>& files,
                                              const Options& options);

/// Rows in the order files, kernels, threads; with --profile the steps of each behind it.
std::vector<Row> run_networks(const NetworkGroup& group, ThreadPools& pools, const Options& options,
                              Progress& progress);

}  // namespace ubp::bench
