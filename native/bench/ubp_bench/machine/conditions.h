// What may change under a measurement: clock and temperature, looked at before and after.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ubp::bench {

struct Conditions {
    std::optional<double> celsius;
    std::optional<int64_t> slowest_khz, fastest_khz;  ///< of the CPUs that were asked about
    int64_t probe_ns =
        0;  ///< best time of a fixed chain of dependent instructions: goes with the clock of this thread's CPU
};

Conditions look_at_conditions(const std::vector<int>& cpus);

/// "" where nothing moved, else what did, such as "clock -12 %, temperature +6.0 C".
std::string what_moved(const Conditions& before, const Conditions& after);

}  // namespace ubp::bench
