#include "affinity.h"

#include <cerrno>
#include <cstring>

#if defined(__linux__)
#include <sched.h>
#endif

namespace ubp::bench {

std::vector<int> cpus_of_thread(const std::vector<int>& cpus, unsigned thread, unsigned threads) {
    return threads <= cpus.size() ? std::vector<int>{cpus[thread]} : cpus;
}

#if defined(__linux__)
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
#else
std::string pin_thread(const std::vector<int>& cpus) {
    return "affinity " + format_cpus(cpus) + ": this system has none";
}
std::vector<int> allowed_cpus() { return {}; }
#endif

std::string format_cpus(const std::vector<int>& cpus) {
    std::string text;
    for (size_t i = 0; i < cpus.size(); ++i) {
        size_t last = i;
        while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) ++last;
        text += (text.empty() ? "" : ",") + std::to_string(cpus[i]);
        if (last > i) text += "-" + std::to_string(cpus[last]);
        i = last;
    }
    return text;
}

}  // namespace ubp::bench
