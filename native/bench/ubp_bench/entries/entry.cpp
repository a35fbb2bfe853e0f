#include "entry.h"

#include <algorithm>

#include "../machine/clock.h"
#include "../machine/process.h"
#include "../count_marks.h"

namespace ubp::bench {
namespace {

// Halves of the samples whose medians differ by more are flagged; fewer samples say nothing about that.
constexpr double kSteadyShare = 0.05;
constexpr size_t kFewestSamples = 10;

}  // namespace

int64_t Entry::run() {
    ThreadPool& pool = pool_.enter();
    prepare_run();
    const int64_t begin = now_ns();
    run_once(pool);
    return std::max<int64_t>(now_ns() - begin, 1);  // a coarse clock may see no time pass
}

void Entry::run_marked(int64_t entry) {
    ThreadPool& pool = pool_.enter();
    prepare_run();
    mark(kBegin, entry);
    run_once(pool);
    mark(kEnd, entry);
}

void Entry::check() {
    spoil_output();
    run();
    row_.checksum = checksum();
    row_.error = error();
    if (row_.error) row_.differs = !(*row_.error <= tolerance());
}

void Entry::finish() {
    row_.ns = summarise(row_.samples_ns);
    if (checksum() != row_.checksum) {
        row_.differs = true;
        row_.notes.push_back("output changed between runs");
    }
    row_.peak_memory_kb = peak_memory_kb();
    const std::string moved = what_moved(row_.before, row_.after);
    const bool steady = row_.samples_ns.size() < kFewestSamples || is_steady(row_.samples_ns, kSteadyShare);
    row_.moved = !moved.empty() || !steady;
    if (!moved.empty()) row_.notes.push_back(moved);
    if (!steady) row_.notes.push_back("times drifted");
}

}  // namespace ubp::bench
