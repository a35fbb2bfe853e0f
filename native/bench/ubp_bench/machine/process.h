// What the program asks of the system for itself: its arguments, its streams, its end after a time, its memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ubp::bench {

constexpr int kTimedOut = 124;  ///< exit code
constexpr char kTimedOutLine[] = "ubp_bench: timed out (--timeout)\n";

/// Arguments behind the program's name, in UTF-8.
std::vector<std::string> arguments_of(int count, char** arguments);

/// Lines end in "\n" on every system.
void write_plain_lines();

/// Ends the program after this time, whatever it does: the line on standard error, and the exit code.
void start_timeout(double seconds);

/// The most memory that the process has held so far.
int64_t peak_memory_kb();

}  // namespace ubp::bench
