#include "runner.h"

#include <algorithm>
#include <limits>

#include "machine/affinity.h"
#include "machine/clock.h"
#include "count_marks.h"
#include "entries/layer_entry.h"

namespace ubp::bench {
namespace {

constexpr int64_t kFewestRuns = 10, kMostRuns = 20000;
// Warm-up: the medians of two stretches of five runs must come within 3 %; a machine that never settles ends it too.
constexpr size_t kStretch = 5;
constexpr double kStableShare = 0.03, kWarmupSeconds = 2;
constexpr int64_t kMostWarmups = 500;

/// What takes turns, and where it tells about it.
struct Turns {
    Entries& entries;
    const Options& options;
    Progress& progress;
    double spent = 0;  ///< nanoseconds of all runs that count

    void warm_up(Entry& entry, int64_t number) {
        std::vector<int64_t> times;
        double warm = 0;
        const auto is_done = [&] {
            const int64_t count = int64_t(times.size());
            if (options.warmup >= 0) return count >= options.warmup;
            if (count >= kMostWarmups || warm > kWarmupSeconds * 1e9) return true;
            return times.size() >= 2 * kStretch && is_steady({times.end() - 2 * kStretch, times.end()}, kStableShare);
        };
        while (!is_done()) {
            progress.warm_up(number, int64_t(times.size()), times.empty() ? 0 : times.back());
            times.push_back(entry.run());
            warm += double(times.back());
        }
        entry.row().warmup_runs = int64_t(times.size());
    }

    /// One run of every entry; every second round the other way round, so that no entry always follows the same one.
    void run_round(int64_t round) {
        const auto sample = [&](const std::unique_ptr<Entry>& one) {
            Entry& entry = *one;
            entry.row().samples_ns.push_back(entry.run());
            const int64_t last = entry.row().samples_ns.back();
            spent += double(last);
            progress.turns(round, expected_rounds(round), last, [&] { return medians(); });
        };
        if (round % 2 == 0) std::for_each(entries.begin(), entries.end(), sample);
        else std::for_each(entries.rbegin(), entries.rend(), sample);
    }

    bool is_done(int64_t rounds) const {
        if (options.runs > 0) return rounds >= options.runs;
        return rounds >= kMostRuns || (rounds >= kFewestRuns && spent >= wanted());
    }

    double wanted() const { return options.min_seconds * 1e9 * double(entries.size()); }

    /// Rounds that there will be, at the speed so far.
    int64_t expected_rounds(int64_t rounds) const {
        if (options.runs > 0) return options.runs;
        const double all = wanted() / std::max(spent, 1.0) * double(rounds + 1);
        return std::max<int64_t>(kFewestRuns, int64_t(std::min(all, double(kMostRuns))));
    }

    /// NaN where an entry has not run yet.
    std::vector<double> medians() const {
        std::vector<double> found;
        for (const auto& entry : entries) {
            const std::vector<int64_t>& samples = entry->row().samples_ns;
            found.push_back(samples.empty() ? std::numeric_limits<double>::quiet_NaN() : median_of(samples));
        }
        return found;
    }

    void take() {
        int64_t round = 0;
        for (; !is_done(round); ++round) run_round(round);
        progress.end_turns(round, medians());
    }
};

/// Marked runs: first the marks alone, twice, so that the code of the marks is known to any emulator.
void count_runs(Entries& entries, Progress& progress) {
    for (int i = 0; i < 2; ++i) mark(kBegin, kNothing), mark(kEnd, kNothing);
    int64_t number = 0;
    for (const auto& entry : entries) {
        progress.count(number);
        entry->run_marked(number++);
    }
}

std::vector<CaseData> make_data(const Group& group, const Options& options, Progress& progress) {
    const int64_t repeats = int64_t(options.kernels.size() * options.threads.size());
    std::vector<CaseData> data(group.size());
    for (size_t i = 0; i < group.size(); ++i) {
        data[i].x = make_input(group[i], options.seed);
        if (!options.check) continue;
        const LayerView& layer = group[i].layer->view;
        const int64_t work = reference_work(layer, group[i].shape), begin = now_ns();
        const auto tell = [&](int64_t done) { progress.plain_loop(int64_t(i) * repeats, done, work); };
        tell(0);
        data[i].expected = run_reference(layer, group[i].shape, data[i].x, tell);
        data[i].plain_loop_ns = now_ns() - begin;
    }
    return data;
}

}  // namespace

std::vector<Row> measure(Entries& entries, const Options& options, Progress& progress) {
    Turns turns{entries, options, progress};
    int64_t number = 0;
    for (const auto& entry : entries) turns.warm_up(*entry, number++);
    const std::vector<int> cpus = options.cpus.empty() ? allowed_cpus() : options.cpus;
    const Conditions before = look_at_conditions(cpus);
    turns.take();
    const Conditions after = look_at_conditions(cpus);
    if (options.count) count_runs(entries, progress);
    std::vector<Row> rows;
    for (const auto& entry : entries) {
        entry->row().before = before, entry->row().after = after;
        entry->finish();
        rows.push_back(entry->row());
    }
    return rows;
}

std::vector<Row> run_group(const Group& group, ThreadPools& pools, const Options& options, Progress& progress) {
    const std::vector<CaseData> data = make_data(group, options, progress);
    Entries entries;
    for (size_t i = 0; i < group.size(); ++i)
        for (Kernel kernel : options.kernels)
            for (unsigned threads : options.threads) {
                progress.first_run(int64_t(entries.size()), data[i].plain_loop_ns);
                entries.push_back(
                    std::make_unique<LayerEntry>(group[i], data[i], kernel, threads, pools.with(threads), options));
                entries.back()->check();
            }
    return measure(entries, options, progress);
}

}  // namespace ubp::bench
