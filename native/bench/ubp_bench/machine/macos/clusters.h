// CPUs by clusters, as sysctl tells them. Asks the system through its argument alone, so that a test can answer for a
// machine that is not there.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "../device.h"

namespace ubp::bench {

/// @param system  number(name), a std::optional<int64_t>, and text(name), "" where there is none
template <typename System>
std::optional<int64_t> khz_of(const System& system, const char* name) {
    const std::optional<int64_t> hertz = system.number(name);
    if (!hertz || *hertz <= 0) return std::nullopt;
    return *hertz / 1000;
}

template <typename System>
void add_cpus(const System& system, int64_t count, const std::string& type, std::vector<Cpu>& cpus) {
    for (int64_t i = 0; i < count; ++i) {
        Cpu cpu;
        cpu.number = int(cpus.size());
        cpu.type = type;
        cpu.min_khz = khz_of(system, "hw.cpufrequency_min"), cpu.max_khz = khz_of(system, "hw.cpufrequency_max");
        cpus.push_back(cpu);
    }
}

/// Level 0 is the fastest: "Performance", then "Efficiency". Where all cores are alike there is one level, or none.
template <typename System>
std::vector<Cpu> read_clusters(const System& system) {
    const std::string processor = system.text("machdep.cpu.brand_string");
    const int64_t levels = system.number("hw.nperflevels").value_or(1);
    std::vector<Cpu> cpus;
    for (int64_t level = 0; levels > 1 && level < levels; ++level) {
        const std::string prefix = "hw.perflevel" + std::to_string(level) + ".";
        const std::string name = system.text(prefix + "name");
        add_cpus(system, system.number(prefix + "logicalcpu_max").value_or(0),
                 processor + (name.empty() ? "" : " " + name), cpus);
    }
    if (cpus.empty()) add_cpus(system, system.number("hw.logicalcpu_max").value_or(1), processor, cpus);
    return cpus;
}

}  // namespace ubp::bench
