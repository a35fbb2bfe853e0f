// On which CPUs the threads of a run are. Says so where the system refuses.
#pragma once

#include <string>
#include <vector>

namespace ubp::bench {

/// CPUs of one thread among `threads`: one of its own where there are enough, else all.
std::vector<int> cpus_of_thread(const std::vector<int>& cpus, unsigned thread, unsigned threads);

/// Puts the calling thread on these CPUs and reads back whether it is. Returns "" or why not.
std::string pin_thread(const std::vector<int>& cpus);

/// Asks for the fast cores on a system that chooses cores itself, by what a thread is said to be for; it has no CPU
/// numbers to ask for. Does nothing elsewhere.
void prefer_fast_cores();

/// CPUs that the calling thread may use now; none where the system doesn't tell.
std::vector<int> allowed_cpus();

/// "4-7", "0,2".
std::string format_cpus(const std::vector<int>& cpus);

}  // namespace ubp::bench
