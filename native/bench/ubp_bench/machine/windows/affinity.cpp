// Windows counts its CPUs in groups of at most 64; a thread can be put on CPUs of one group. Numbers here go on from
// one group to the next.
#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include "../affinity.h"

#include <windows.h>

#include <algorithm>

namespace ubp::bench {
namespace {

/// Calls visit(cpu, group, bit) for every CPU of the machine.
template <typename Visit>
void for_each_cpu(const Visit& visit) {
    int cpu = 0;
    for (WORD group = 0; group < GetActiveProcessorGroupCount(); ++group)
        for (DWORD i = 0; i < GetActiveProcessorCount(group); ++i) visit(cpu++, group, KAFFINITY{1} << i);
}

}  // namespace

std::string pin_thread(const std::vector<int>& cpus) {
    const std::string refused = "affinity " + format_cpus(cpus) + " refused: ";
    GROUP_AFFINITY wanted{};
    size_t found = 0;
    bool one_group = true;
    for_each_cpu([&](int cpu, WORD group, KAFFINITY bit) {
        if (!std::binary_search(cpus.begin(), cpus.end(), cpu)) return;
        one_group &= found++ == 0 || group == wanted.Group;
        wanted.Group = group;
        wanted.Mask |= bit;
    });
    if (found < cpus.size()) return refused + "no such CPU";
    if (!one_group) return refused + "they belong to several processor groups";
    if (!SetThreadGroupAffinity(GetCurrentThread(), &wanted, nullptr))
        return refused + "Windows error " + std::to_string(GetLastError());
    const std::vector<int> now = allowed_cpus();
    if (now != cpus) return "affinity " + format_cpus(cpus) + " became " + format_cpus(now);
    return "";
}

void prefer_fast_cores() {}

std::vector<int> allowed_cpus() {
    GROUP_AFFINITY set{};
    std::vector<int> cpus;
    if (!GetThreadGroupAffinity(GetCurrentThread(), &set)) return cpus;
    for_each_cpu([&](int cpu, WORD group, KAFFINITY bit) {
        if (group == set.Group && (set.Mask & bit)) cpus.push_back(cpu);
    });
    return cpus;
}

}  // namespace ubp::bench
#endif
