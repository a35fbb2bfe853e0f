#if !defined(_WIN32)
#include "../process.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmath>

namespace ubp::bench {
namespace {

/// Only calls that are allowed in a signal handler.
void end_by_timeout(int) {
    if (write(STDERR_FILENO, kTimedOutLine, sizeof kTimedOutLine - 1) < 0) _exit(kTimedOut);
    _exit(kTimedOut);
}

}  // namespace

std::vector<std::string> arguments_of(int count, char** arguments) {
    return count > 0 ? std::vector<std::string>(arguments + 1, arguments + count) : std::vector<std::string>();
}

void write_plain_lines() {}

void start_timeout(double seconds) {
    struct sigaction action{};
    action.sa_handler = end_by_timeout;
    sigaction(SIGALRM, &action, nullptr);
    itimerval timer{};
    timer.it_value.tv_sec = time_t(seconds);
    timer.it_value.tv_usec = suseconds_t((seconds - std::floor(seconds)) * 1e6);
    setitimer(ITIMER_REAL, &timer, nullptr);
}

int64_t peak_memory_kb() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
#if defined(__APPLE__)
    return usage.ru_maxrss / 1024;  // it counts bytes
#else
    return usage.ru_maxrss;
#endif
}

}  // namespace ubp::bench
#endif
