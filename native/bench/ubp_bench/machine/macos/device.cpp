// macOS: sysctl. It tells no temperature, and no frequency but those that Intel's processors were made for.
#if defined(__APPLE__)
#include "../device.h"

#include <sys/sysctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "clusters.h"

namespace ubp::bench {
namespace {

struct Sysctl {
    std::optional<int64_t> number(const std::string& name) const {
        int64_t value = 0;  // the system writes 4 or 8 bytes, the low ones first
        size_t size = sizeof value;
        if (sysctlbyname(name.c_str(), &value, &size, nullptr, 0) != 0) return std::nullopt;
        return value;
    }

    std::string text(const std::string& name) const {
        size_t size = 0;
        if (sysctlbyname(name.c_str(), nullptr, &size, nullptr, 0) != 0) return "";
        std::string bytes(size, '\0');
        if (sysctlbyname(name.c_str(), bytes.data(), &size, nullptr, 0) != 0) return "";
        return bytes.substr(0, bytes.find('\0'));
    }
};

}  // namespace

Device read_device() {
    const Sysctl system;
    Device device;
    utsname names{};
    if (uname(&names) == 0) device.system = std::string(names.sysname) + " " + names.release;
    device.machine = kMachine;
    device.features = system.text("machdep.cpu.features");
    device.emulated = system.number("sysctl.proc_translated").value_or(0) == 1;  // Rosetta
    device.page_size = sysconf(_SC_PAGESIZE);
    device.cpus = read_clusters(system);
    return device;
}

std::optional<double> read_temperature() { return std::nullopt; }

std::vector<int64_t> read_frequencies(const std::vector<int>&) { return {}; }

}  // namespace ubp::bench
#endif
