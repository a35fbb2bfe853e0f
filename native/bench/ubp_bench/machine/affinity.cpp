#include "affinity.h"

namespace ubp::bench {

std::vector<int> cpus_of_thread(const std::vector<int>& cpus, unsigned thread, unsigned threads) {
    return threads <= cpus.size() ? std::vector<int>{cpus[thread]} : cpus;
}

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
