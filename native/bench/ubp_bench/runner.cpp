#include "runner.h"

#include <algorithm>
#include <list>

#include "affinity.h"
#include "entry.h"

namespace ubp::bench {
namespace {

constexpr int64_t kFewestRuns = 10, kMostRuns = 20000;
// Warm-up: the medians of two stretches of five runs must come within 3 %; a machine that never settles ends it too.
constexpr size_t kStretch = 5;
constexpr double kStableShare = 0.03, kWarmupSeconds = 2;
constexpr int64_t kMostWarmups = 500;

void warm_up(Entry& entry, const Options& options) {
    std::vector<int64_t> times;
    double spent = 0;
    const auto is_done = [&] {
        const int64_t count = int64_t(times.size());
        if (options.warmup >= 0) return count >= options.warmup;
        if (count >= kMostWarmups || spent > kWarmupSeconds * 1e9) return true;
        return times.size() >= 2 * kStretch && is_steady({times.end() - 2 * kStretch, times.end()}, kStableShare);
    };
    while (!is_done()) {
        times.push_back(entry.run());
        spent += double(times.back());
    }
    entry.row().warmup_runs = int64_t(times.size());
}

/// One run of every entry; every second round the other way round, so that no entry always follows the same one.
int64_t run_round(std::list<Entry>& entries, bool forward) {
    int64_t spent = 0;
    const auto sample = [&](Entry& entry) {
        entry.row().samples_ns.push_back(entry.run());
        spent += entry.row().samples_ns.back();
    };
    if (forward)
        std::for_each(entries.begin(), entries.end(), sample);
    else
        std::for_each(entries.rbegin(), entries.rend(), sample);
    return spent;
}

void take_turns(std::list<Entry>& entries, const Options& options) {
    const double wanted = options.min_seconds * 1e9 * double(entries.size());
    double spent = 0;
    const auto is_done = [&](int64_t rounds) {
        if (options.runs > 0) return rounds >= options.runs;
        return rounds >= kMostRuns || (rounds >= kFewestRuns && spent >= wanted);
    };
    for (int64_t round = 0; !is_done(round); ++round) spent += double(run_round(entries, round % 2 == 0));
}

std::vector<CaseData> make_data(const Group& group, const Options& options) {
    std::vector<CaseData> data(group.size());
    for (size_t i = 0; i < group.size(); ++i) {
        data[i].x = make_input(group[i], options.seed);
        if (options.check) data[i].expected = run_reference(group[i].layer->view, group[i].shape, data[i].x);
    }
    return data;
}

}  // namespace

std::vector<Row> run_group(const Group& group, ThreadPools& pools, const Options& options) {
    const std::vector<CaseData> data = make_data(group, options);
    std::list<Entry> entries;  // a list: entries hold references and don't move
    for (size_t i = 0; i < group.size(); ++i)
        for (Kernel kernel : options.kernels)
            for (unsigned threads : options.threads)
                entries.emplace_back(group[i], data[i], kernel, threads, pools.with(threads), options);
    for (Entry& entry : entries) entry.check();
    for (Entry& entry : entries) warm_up(entry, options);
    const std::vector<int> cpus = options.cpus.empty() ? allowed_cpus() : options.cpus;
    const Conditions before = look_at_conditions(cpus);
    take_turns(entries, options);
    const Conditions after = look_at_conditions(cpus);
    std::vector<Row> rows;
    for (Entry& entry : entries) {
        entry.row().before = before, entry.row().after = after;
        entry.finish();
        rows.push_back(std::move(entry.row()));
    }
    return rows;
}

}  // namespace ubp::bench
