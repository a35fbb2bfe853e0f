// Small files of /proc and /sys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ubp::bench {

/// Without spaces and line ends around it.
std::string trim(const std::string& text);

/// The first line, trimmed; "" where the file can't be read.
std::string read_text(const std::string& path);

std::vector<std::string> read_lines(const std::string& path);

/// A decimal number at the begin of the file.
std::optional<int64_t> read_number(const std::string& path);

}  // namespace ubp::bench
