// Figures of a list of times.
#pragma once

#include <cstdint>
#include <vector>

namespace ubp::bench {

struct Statistics {
    int64_t min = 0;
    double median = 0;  ///< mean of the middle two where their number is even
    int64_t p90 = 0;    ///< the smallest time that nine in ten do not exceed
    double mean = 0;
    double deviation = 0;  ///< standard deviation of a sample (n - 1); 0 for a single time
};

/// @param times  at least one, in any order
Statistics summarise(std::vector<int64_t> times);

/// @param times  at least one, in any order
double median_of(std::vector<int64_t> times);

/// Whether the second half of the times is like the first: their medians differ by at most `share`.
bool is_steady(const std::vector<int64_t>& times, double share);

}  // namespace ubp::bench
