// ubp_bench: times the layers of packed files on this machine. `ubp_bench --help` and docs/ubp_bench.md tell more.
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <new>

#include "network_runner.h"
#include "output/output.h"
#include "runner.h"

namespace ubp::bench {
namespace {

constexpr int kDone = 0, kDiffers = 1, kBadInput = 2, kTimedOut = 124;

/// Only calls that are allowed in a signal handler.
void end_by_timeout(int) {
    const char line[] = "ubp_bench: timed out (--timeout)\n";
    if (write(STDERR_FILENO, line, sizeof line - 1) < 0) _exit(kTimedOut);
    _exit(kTimedOut);
}

void start_timeout(double seconds) {
    struct sigaction action{};
    action.sa_handler = end_by_timeout;
    sigaction(SIGALRM, &action, nullptr);
    itimerval timer{};
    timer.it_value.tv_sec = time_t(seconds);
    timer.it_value.tv_usec = suseconds_t((seconds - std::floor(seconds)) * 1e6);
    setitimer(ITIMER_REAL, &timer, nullptr);
}

int run(int count, char** arguments) {
    const Options options = parse_options(count, arguments);
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
    try {
        return ubp::bench::run(count, arguments);
    } catch (const ubp::bench::BadInput& error) {
        std::fprintf(stderr, "ubp_bench: %s\n", error.what());
    } catch (const std::bad_alloc&) {
        std::fputs("ubp_bench: out of memory\n", stderr);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "ubp_bench: %s\n", error.what());
    }
    return ubp::bench::kBadInput;
}
