#include "conditions.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "clock.h"
#include "device.h"

namespace ubp::bench {
namespace {

constexpr double kClockShare = 0.05;  // below, the probe's own noise on a busy machine
constexpr double kCelsius = 3;

/// One chain of dependent multiplications and additions; a core can't overlap them, so the time is a number of cycles.
int64_t time_chain() {
    const int64_t begin = now_ns();
    uint64_t value = uint64_t(begin);
    for (int i = 0; i < 100000; ++i) value = value * 6364136223846793005u + 1442695040888963407u;
    const int64_t spent = now_ns() - begin;
    return value == 42 ? spent + 1 : spent;  // uses the value, so that the loop stays
}

int64_t probe_clock() {
    int64_t best = INT64_MAX;
    time_chain();  // the first one may still meet a sleeping clock
    for (int i = 0; i < 16; ++i) best = std::min(best, time_chain());
    return best;
}

void append(std::string& text, const char* format, double value) {
    char part[48];
    std::snprintf(part, sizeof part, format, value);
    text += (text.empty() ? "" : ", ") + std::string(part);
}

}  // namespace

Conditions look_at_conditions(const std::vector<int>& cpus) {
    Conditions now;
    now.celsius = read_temperature();
    now.probe_ns = probe_clock();
    const std::vector<int64_t> frequencies = read_frequencies(cpus);
    if (!frequencies.empty()) {
        const auto [slowest, fastest] = std::minmax_element(frequencies.begin(), frequencies.end());
        now.slowest_khz = *slowest;
        now.fastest_khz = *fastest;
    }
    return now;
}

std::string what_moved(const Conditions& before, const Conditions& after) {
    std::string text;
    const double probe = double(before.probe_ns) / double(after.probe_ns) - 1;
    if (std::fabs(probe) > kClockShare) append(text, "clock %+.0f %%", 100 * probe);
    if (before.fastest_khz && after.fastest_khz && *before.fastest_khz > 0) {
        const double change = double(*after.fastest_khz) / double(*before.fastest_khz) - 1;
        if (std::fabs(change) > kClockShare) append(text, "frequency %+.0f %%", 100 * change);
    }
    if (before.celsius && after.celsius && std::fabs(*after.celsius - *before.celsius) > kCelsius)
        append(text, "temperature %+.1f C", *after.celsius - *before.celsius);
    return text;
}

}  // namespace ubp::bench
