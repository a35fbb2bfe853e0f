// Linux and Android: /proc and /sys.
#if defined(__linux__)
#include "../device.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "cpu_names.h"
#include "text_files.h"

namespace ubp::bench {
namespace {

std::string cpu_file(int cpu, const char* name) {
    return "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/" + name;
}

/// What /proc/cpuinfo says of one CPU; the words differ between architectures.
struct CpuInfo {
    std::string implementer, part, model_name;
};

struct CpuInfoFile {
    std::map<int, CpuInfo> cpus;
    std::string features;
    bool x86 = false;
};

CpuInfoFile read_cpuinfo() {
    CpuInfoFile file;
    int cpu = 0;
    for (const std::string& line : read_lines("/proc/cpuinfo")) {
        const size_t colon = line.find(':');
        if (colon == std::string::npos) continue;
        const std::string key = trim(line.substr(0, colon)), value = trim(line.substr(colon + 1));
        if (key == "processor") cpu = std::atoi(value.c_str()), file.cpus[cpu];
        else if (key == "CPU implementer") file.cpus[cpu].implementer = value;
        else if (key == "CPU part") file.cpus[cpu].part = value;
        else if (key == "model name") file.cpus[cpu].model_name = value;
        else if (key == "Features" || key == "flags") file.features = value;
        else if (key == "vendor_id") file.x86 = true;
    }
    return file;
}

/// Kernels show the register even where /proc/cpuinfo describes only the CPU that was asked.
bool read_midr(int cpu, unsigned& implementer, unsigned& part) {
    const std::string text = read_text(cpu_file(cpu, "regs/identification/midr_el1"));
    if (text.empty()) return false;
    const unsigned long long midr = std::strtoull(text.c_str(), nullptr, 16);
    implementer = unsigned(midr >> 24) & 0xFF;
    part = unsigned(midr >> 4) & 0xFFF;
    return true;
}

std::string type_of(int cpu, const CpuInfo& info) {
    unsigned implementer = 0, part = 0;
    if (read_midr(cpu, implementer, part)) return arm_cpu_name(implementer, part);
    if (info.part.empty()) return info.model_name;
    return arm_cpu_name(unsigned(std::strtoul(info.implementer.c_str(), nullptr, 16)),
                        unsigned(std::strtoul(info.part.c_str(), nullptr, 16)));
}

Cpu read_cpu(int number, const CpuInfo& info) {
    Cpu cpu;
    cpu.number = number;
    cpu.type = type_of(number, info);
    cpu.min_khz = read_number(cpu_file(number, "cpufreq/cpuinfo_min_freq"));
    cpu.max_khz = read_number(cpu_file(number, "cpufreq/cpuinfo_max_freq"));
    cpu.current_khz = read_number(cpu_file(number, "cpufreq/scaling_cur_freq"));
    cpu.governor = read_text(cpu_file(number, "cpufreq/scaling_governor"));
    return cpu;
}

}  // namespace

Device read_device() {
    Device device;
    utsname names{};
    if (uname(&names) == 0) device.system = std::string(names.sysname) + " " + names.release;
    device.machine = *kMachine ? kMachine : names.machine;
    const CpuInfoFile info = read_cpuinfo();
    device.features = info.features;
    device.emulated = device.machine == "aarch64" && info.x86;
    device.page_size = sysconf(_SC_PAGESIZE);
    const long configured = std::max(1L, sysconf(_SC_NPROCESSORS_CONF));
    for (int cpu = 0; cpu < configured; ++cpu) {
        const auto found = info.cpus.find(cpu);
        device.cpus.push_back(read_cpu(cpu, found == info.cpus.end() ? CpuInfo{} : found->second));
    }
    return device;
}

std::optional<double> read_temperature() {
    std::optional<double> highest;
    for (int zone = 0; zone < 128; ++zone) {
        const auto reading = read_number("/sys/class/thermal/thermal_zone" + std::to_string(zone) + "/temp");
        if (!reading) continue;  // zones may be missing in between, or be closed to this user
        const double celsius = *reading > 1000 ? double(*reading) / 1000 : double(*reading);
        if (celsius > 0 && celsius < 150 && (!highest || celsius > *highest)) highest = celsius;
    }
    return highest;
}

std::vector<int64_t> read_frequencies(const std::vector<int>& cpus) {
    std::vector<int64_t> frequencies;
    for (int cpu : cpus)
        if (const auto khz = read_number(cpu_file(cpu, "cpufreq/scaling_cur_freq"))) frequencies.push_back(*khz);
    return frequencies;
}

}  // namespace ubp::bench
#endif
