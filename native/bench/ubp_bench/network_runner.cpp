#include "network_runner.h"

#include <algorithm>

#include "machine/clock.h"
#include "grid.h"
#include "entries/network_entry.h"
#include "runner.h"

namespace ubp::bench {
namespace {

constexpr int64_t kMostProfiled = 200;  // runs of a profile

NetworkData make_network_data(const MappedFile& file, int64_t entry, const Options& options, Progress& progress) {
    NetworkData data;
    const Graph& graph = *file.contents().graph();
    size_t count = 0;
    for (uint32_t i = 0; i < graph.input_count; ++i) count += graph.tensors[i].elements();
    data.inputs = random_input(count, options.seed);
    if (!options.check) return data;
    const int64_t begin = now_ns(), nodes = int64_t(graph.nodes.size());
    data.expected =
        run_plain_network(file.contents(), data.inputs, [&](int64_t done) { progress.plain_loop(entry, done, nodes); });
    data.plain_loop_ns = now_ns() - begin;
    return data;
}

}  // namespace

std::vector<NetworkGroup> make_network_groups(const std::vector<std::unique_ptr<MappedFile>>& files,
                                              const Options& options) {
    std::vector<NetworkGroup> groups;
    for (const auto& file : files) {
        if (!file->contents().graph() || !options.layers.empty()) continue;
        if (options.height > 0) throw BadInput("--input: " + file->path() + " is a network and has its own");
        if (options.batch != 1) throw BadInput("--batch: " + file->path() + " is a network and has its own");
        const auto same = [&](const NetworkGroup& group) {
            return group.front()->contents().model() == file->contents().model();
        };
        const auto found = std::find_if(groups.begin(), groups.end(), same);
        if (found == groups.end()) groups.push_back({file.get()});
        else found->push_back(file.get());
    }
    return groups;
}

std::vector<Row> run_networks(const NetworkGroup& group, ThreadPools& pools, const Options& options,
                              Progress& progress) {
    std::vector<NetworkData> data;
    const int64_t repeats = int64_t(options.kernels.size() * options.threads.size());
    for (const MappedFile* file : group)
        data.push_back(make_network_data(*file, int64_t(data.size()) * repeats, options, progress));
    Entries entries;
    for (size_t i = 0; i < group.size(); ++i)
        for (Kernel kernel : options.kernels)
            for (unsigned threads : options.threads) {
                progress.first_run(int64_t(entries.size()), data[i].plain_loop_ns);
                entries.push_back(
                    std::make_unique<NetworkEntry>(*group[i], data[i], kernel, threads, pools.with(threads), options));
                entries.back()->check();
            }
    std::vector<Row> rows;
    const std::vector<Row> networks = measure(entries, options, progress);
    for (size_t i = 0; i < networks.size(); ++i) {
        rows.push_back(networks[i]);
        if (!options.profile) continue;
        const int64_t runs = std::min<int64_t>(int64_t(networks[i].samples_ns.size()), kMostProfiled);
        for (Row& row : static_cast<NetworkEntry&>(*entries[i]).profile(runs)) rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace ubp::bench
