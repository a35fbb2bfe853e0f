#if defined(__linux__)
#include "text_files.h"

#include <cstdio>
#include <cstdlib>

namespace ubp::bench {

std::string trim(const std::string& text) {
    const char* blank = " \t\r\n";
    const size_t first = text.find_first_not_of(blank);
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::vector<std::string> read_lines(const std::string& path) {
    std::vector<std::string> lines;
    std::FILE* file = std::fopen(path.c_str(), "re");
    if (!file) return lines;
    std::string line;
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) {
        if (c == '\n') lines.push_back(line), line.clear();
        else line += static_cast<char>(c);
    }
    std::fclose(file);
    if (!line.empty()) lines.push_back(line);
    return lines;
}

std::string read_text(const std::string& path) {
    const std::vector<std::string> lines = read_lines(path);
    return lines.empty() ? "" : trim(lines.front());
}

std::optional<int64_t> read_number(const std::string& path) {
    const std::string text = read_text(path);
    char* end = nullptr;
    const long long value = std::strtoll(text.c_str(), &end, 10);
    if (end == text.c_str()) return std::nullopt;
    return value;
}

}  // namespace ubp::bench
#endif
