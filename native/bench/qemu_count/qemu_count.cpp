// A plugin for qemu-user that counts the instructions an ARM64 program executes between two marks (ubp_bench --count).
//
//     qemu-aarch64 -plugin ubp_count.so ubp_bench_arm64 FILE.ubp --count
//
// For every pair of marks it writes one line on standard error: {"counted":ENTRY,"instructions":N}. Instructions of all
// threads count; what a pair of marks costs by itself has been taken off.
#include <unistd.h>

#include <atomic>
#include <cinttypes>
#include <cstdio>

#include "../ubp_bench/count_marks.h"
#include "plugin_api.h"

namespace {

using namespace ubp::bench;

constexpr int64_t kPrctlOnArm64 = 167;
constexpr unsigned kCounters = 256;

/// Every thread has a counter of its own, a cache line apart; threads beyond the last share it, and no count is lost.
struct alignas(64) Counter {
    std::atomic<uint64_t> executed{0};
};
Counter counters[kCounters];
uint64_t at_begin = 0, cost_of_marks = 0;

void count_block(unsigned vcpu, void* instructions) {
    std::atomic<uint64_t>& own = counters[vcpu < kCounters ? vcpu : kCounters - 1].executed;
    const auto more = reinterpret_cast<uintptr_t>(instructions);
    if (vcpu < kCounters - 1) own.store(own.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
    else own.fetch_add(more, std::memory_order_relaxed);
}

uint64_t executed_by_all() {
    uint64_t sum = 0;
    for (const Counter& counter : counters) sum += counter.executed.load(std::memory_order_relaxed);
    return sum;
}

void report(int64_t entry, uint64_t instructions) {
    char line[96];
    const int size = std::snprintf(line, sizeof line, "{\"counted\":%" PRId64 ",\"instructions\":%" PRIu64 "}\n", entry,
                                   instructions);
    if (write(STDERR_FILENO, line, size_t(size)) < 0) return;  // nobody listens
}

/// A mark ends a block, and a block counts when it begins: both ends of a pair are counted alike.
void see_system_call(qemu_plugin_id_t, unsigned, int64_t number, uint64_t option, uint64_t what, uint64_t entry,
                     uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
    if (number != kPrctlOnArm64 || option != kMark) return;
    const uint64_t now = executed_by_all();
    if (what == kBegin) {
        at_begin = now;
    } else if (int64_t(entry) == kNothing) {
        cost_of_marks = now - at_begin;
    } else {
        report(int64_t(entry), now - at_begin - cost_of_marks);
    }
}

void see_block(qemu_plugin_id_t, qemu_plugin_tb* block) {
    auto* const instructions = reinterpret_cast<void*>(uintptr_t{qemu_plugin_tb_n_insns(block)});
    qemu_plugin_register_vcpu_tb_exec_cb(block, count_block, QEMU_PLUGIN_CB_NO_REGS, instructions);
}

}  // namespace

extern "C" {

[[gnu::visibility("default")]] int qemu_plugin_version = 1;

[[gnu::constructor]] static void choose_version() { qemu_plugin_version = known_plugin_version(); }

[[gnu::visibility("default")]] int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t*, int, char**) {
    qemu_plugin_register_vcpu_tb_trans_cb(id, see_block);
    qemu_plugin_register_vcpu_syscall_cb(id, see_system_call);
    return 0;
}

}  // extern "C"
