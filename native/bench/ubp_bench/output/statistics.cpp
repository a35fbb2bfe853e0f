#include "statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace ubp::bench {
namespace {

double median_of_sorted(const std::vector<int64_t>& times) {
    const size_t middle = times.size() / 2;
    return times.size() % 2 ? double(times[middle]) : (double(times[middle - 1]) + double(times[middle])) / 2;
}

}  // namespace

double median_of(std::vector<int64_t> times) {
    std::sort(times.begin(), times.end());
    return median_of_sorted(times);
}

Statistics summarise(std::vector<int64_t> times) {
    std::sort(times.begin(), times.end());
    const double count = double(times.size());
    Statistics s;
    s.min = times.front();
    s.median = median_of_sorted(times);
    s.p90 = times[(times.size() * 9 + 9) / 10 - 1];
    s.mean = std::accumulate(times.begin(), times.end(), 0.0) / count;
    double squares = 0;
    for (int64_t time : times) squares += (double(time) - s.mean) * (double(time) - s.mean);
    s.deviation = times.size() > 1 ? std::sqrt(squares / (count - 1)) : 0;
    return s;
}

bool is_steady(const std::vector<int64_t>& times, double share) {
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    if (times.size() < 2) return true;
    const double first = median_of({times.begin(), middle}), second = median_of({middle, times.end()});
    return std::fabs(first - second) <= share * std::min(first, second);
}

}  // namespace ubp::bench
