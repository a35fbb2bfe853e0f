// ubp_bench: times the layers of packed files on this machine. `ubp_bench --help` and docs/ubp_bench.md tell more.
#include <cstdio>
#include <new>

#include "machine/process.h"
#include "network_runner.h"
#include "output/output.h"
#include "runner.h"

namespace ubp::bench {
namespace {

constexpr int kDone = 0, kDiffers = 1, kBadInput = 2;

int run(const std::vector<std::string>& arguments) {
    const Options options = parse_options(arguments);
    start_timeout(options.timeout_seconds);
    std::vector<std::unique_ptr<MappedFile>> files;
    for (const std::string& path : options.files) files.push_back(std::make_unique<MappedFile>(path));
    const std::vector<Group> groups = make_groups(files, options);
    const std::vector<NetworkGroup> networks = make_network_groups(files, options);
    const Device device = read_device();
    ThreadPools pools(options.cpus);
    Output output(options.format, device);
    Progress progress(options.progress);
    bool differs = false;
    const int64_t all = int64_t(networks.size() + groups.size());
    const auto entries_of = [&](size_t cases) {
        return int64_t(cases * options.kernels.size() * options.threads.size());
    };
    int64_t number = 0;
    const auto add_rows = [&](const std::vector<Row>& rows) {
        for (const Row& row : rows) {
            output.add(row);
            differs |= row.differs;
        }
    };
    for (const NetworkGroup& group : networks) {
        progress.begin("network", number++, all, entries_of(group.size()));
        add_rows(run_networks(group, pools, options, progress));
    }
    for (const Group& group : groups) {
        progress.begin(std::string(group.front().layer->name), number++, all, entries_of(group.size()));
        add_rows(run_group(group, pools, options, progress));
    }
    output.finish();
    if (differs) std::fputs("ubp_bench: an output differs; the fields check and notes say which\n", stderr);
    return differs ? kDiffers : kDone;
}

}  // namespace
}  // namespace ubp::bench

int main(int count, char** arguments) {
    ubp::bench::write_plain_lines();
    try {
        return ubp::bench::run(ubp::bench::arguments_of(count, arguments));
    } catch (const ubp::bench::BadInput& error) {
        std::fprintf(stderr, "ubp_bench: %s\n", error.what());
    } catch (const std::bad_alloc&) {
        std::fputs("ubp_bench: out of memory\n", stderr);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "ubp_bench: %s\n", error.what());
    }
    return ubp::bench::kBadInput;
}
