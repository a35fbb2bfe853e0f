// What ubp_bench makes of a Mac's processor: answers what sysctl would, line by line from standard input
// ("name=value"), and prints each CPU and the summary.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>

#include "../bench/ubp_bench/machine/macos/clusters.h"

namespace {

struct Answers {
    std::map<std::string, std::string> values;

    std::string text(const std::string& name) const {
        const auto found = values.find(name);
        return found == values.end() ? "" : found->second;
    }
    std::optional<int64_t> number(const std::string& name) const {
        const std::string value = text(name);
        if (value.empty()) return std::nullopt;
        return std::strtoll(value.c_str(), nullptr, 10);
    }
};

}  // namespace

int main() {
    Answers answers;
    for (std::string line; std::getline(std::cin, line);)
        answers.values[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
    ubp::bench::Device device;
    device.cpus = ubp::bench::read_clusters(answers);
    for (const ubp::bench::Cpu& cpu : device.cpus)
        std::printf("%d %s %lld\n", cpu.number, cpu.type.c_str(), static_cast<long long>(cpu.max_khz.value_or(0)));
    std::printf("%s\n", device.cpu_summary().c_str());
}
