#include "device.h"

namespace ubp::bench {

std::string Device::cpu_summary() const {
    std::string text;
    for (size_t i = 0; i < cpus.size();) {
        size_t last = i;
        while (last < cpus.size() && cpus[last].type == cpus[i].type) ++last;
        const std::string type = cpus[i].type.empty() ? "unknown" : cpus[i].type;
        text += (text.empty() ? "" : " + ") + std::to_string(last - i) + "x " + type;
        i = last;
    }
    return text;
}

}  // namespace ubp::bench
