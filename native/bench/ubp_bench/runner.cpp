#include "runner.h"

#include <algorithm>
#include <limits>

#include "machine/affinity.h"
#include "machine/clock.h"
#include "count_marks.h"
#include "entries/integers/integer_layer_entry.h"
#include "entries/integers/integer_reference.h"

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

/// A case's input, in the layer's type, and what its output should be.
struct Prepared {
    CaseData data;
    std::optional<IntegerCaseData> integers;
};

void make_expected(const Case& one, Prepared& prepared, const OnPart& tell) {
    const LayerView& layer = one.layer->view;
    CaseData& data = prepared.data;
    const int64_t begin = now_ns();
    if (prepared.integers) {
        IntegerCaseData& integers = *prepared.integers;
        integers.expected = run_integer_reference(layer, one.shape, integers.bytes, integers.x, tell);
    } else {
        data.expected = run_reference(layer, one.shape, data.x, tell);
    }
    data.plain_loop_ns = now_ns() - begin;
}

std::vector<Prepared> prepare(const Group& group, const Options& options, Progress& progress) {
    const int64_t repeats = int64_t(options.kernels.size() * options.threads.size());
    std::vector<Prepared> all(group.size());
    for (size_t i = 0; i < group.size(); ++i) {
        const LayerView& layer = group[i].layer->view;
        std::vector<float> x = make_input(group[i], options.seed);
        if (layer.dtype == DType::int8) all[i].integers.emplace(group[i], x);
        else all[i].data.x = std::move(x);
        if (!options.check) continue;
        const int64_t work = PlainLoop::work(layer, group[i].shape);
        const auto tell = [&](int64_t done) { progress.plain_loop(int64_t(i) * repeats, done, work); };
        tell(0);
        make_expected(group[i], all[i], tell);
    }
    return all;
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
    const std::vector<Prepared> prepared = prepare(group, options, progress);
    Entries entries;
    const auto make = [&](size_t i, Kernel kernel, unsigned threads) -> std::unique_ptr<Entry> {
        PinnedPool& pool = pools.with(threads);
        const auto& integers = prepared[i].integers;
        if (integers) return std::make_unique<IntegerLayerEntry>(group[i], *integers, kernel, threads, pool, options);
        return std::make_unique<LayerEntry>(group[i], prepared[i].data, kernel, threads, pool, options);
    };
    for (size_t i = 0; i < group.size(); ++i)
        for (Kernel kernel : options.kernels)
            for (unsigned threads : options.threads) {
                progress.first_run(int64_t(entries.size()), prepared[i].data.plain_loop_ns);
                entries.push_back(make(i, kernel, threads));
                entries.back()->check();
            }
    return measure(entries, options, progress);
}

}  // namespace ubp::bench
