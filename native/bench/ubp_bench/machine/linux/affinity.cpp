#if defined(__linux__)
#include "../affinity.h"

#include <sched.h>

#include <cerrno>
#include <cstring>

namespace ubp::bench {

std::string pin_thread(const std::vector<int>& cpus) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int cpu : cpus) CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        return "affinity " + format_cpus(cpus) + " refused: " + std::strerror(errno);
    const std::vector<int> now = allowed_cpus();
    if (now != cpus) return "affinity " + format_cpus(cpus) + " became " + format_cpus(now);
    return "";
}

std::vector<int> allowed_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<int> cpus;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    return cpus;
}

void prefer_fast_cores() {}

}  // namespace ubp::bench
#endif
