#include "output.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "json.h"

namespace ubp::bench {
namespace {

std::string join(const std::vector<std::string>& parts, const char* separator) {
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
    return text;
}

/// A cell of a CSV line, quoted where it must be.
std::string csv_cell(const Value& value) {
    if (std::holds_alternative<std::monostate>(value)) return "";
    std::string text = json_value(value);
    if (const auto* plain = std::get_if<std::string>(&value)) text = *plain;
    if (const auto* parts = std::get_if<std::vector<std::string>>(&value)) text = join(*parts, "; ");
    if (const auto* numbers = std::get_if<std::vector<int64_t>>(&value)) {
        text.clear();
        for (int64_t number : *numbers) text += (text.empty() ? "" : " ") + std::to_string(number);
    }
    if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
    std::string quoted = "\"";
    for (char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

std::string csv_head() {
    std::string line;
    for (const Field& field : row_fields()) line += (line.empty() ? "" : ",") + std::string(field.name);
    return line;
}

std::string csv_row(const Row& row, const Device& device) {
    std::string line;
    bool first = true;
    for (const Field& field : row_fields()) {
        line += (first ? "" : ",") + csv_cell(field.get(row, device));
        first = false;
    }
    return line;
}

/// A cell of the table: times in milliseconds, rates with four digits.
std::string table_cell(const Field& field, const Value& value) {
    const std::string name = field.name;
    const bool time = name.size() > 3 && name.compare(name.size() - 3, 3, "_ns") == 0;
    const auto* whole = std::get_if<int64_t>(&value);
    const auto* real = std::get_if<double>(&value);
    char text[32];
    if (time && (whole || real)) {
        std::snprintf(text, sizeof text, "%.4f", (whole ? double(*whole) : *real) / 1e6);
        return text;
    }
    if (!real) return csv_cell(value);
    std::snprintf(text, sizeof text, "%.4g", *real);
    return text;
}

/// Columns on the screen: characters, not bytes.
size_t width_of(const std::string& text) {
    return size_t(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool is_number(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789.+-e") == std::string::npos;
}

}  // namespace

void Output::add(const Row& row) {
    if (format_ == Format::csv) {
        if (!headed_) std::printf("%s\n", csv_head().c_str());
        headed_ = true;
        std::printf("%s\n", csv_row(row, device_).c_str());
        std::fflush(stdout);
    } else if (format_ == Format::json_lines) {
        std::string line = json_row(row, device_);
        line.pop_back();
        std::printf("%s,\"device_facts\":%s}\n", line.c_str(), json_device(device_).c_str());
        std::fflush(stdout);
    } else {
        rows_.push_back(row);
    }
}

void Output::finish() {
    if (format_ == Format::table) write_table();
    if (format_ == Format::json) write_json();
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) throw std::runtime_error("standard output can't be written");
}

void Output::write_json() const {
    std::printf("{\"schema_version\":%lld,\"tool\":\"ubp_bench 0.1.0\",\"device\":%s,\"results\":[",
                (long long)kSchemaVersion, json_device(device_).c_str());
    for (size_t i = 0; i < rows_.size(); ++i) std::printf("%s\n%s", i ? "," : "", json_row(rows_[i], device_).c_str());
    std::printf("\n]}\n");
}

void Output::write_table() const {
    std::vector<std::vector<std::string>> lines(1 + rows_.size());
    for (const Field& field : row_fields()) {
        if (!field.heading) continue;
        lines[0].push_back(field.heading);
        for (size_t i = 0; i < rows_.size(); ++i)
            lines[i + 1].push_back(table_cell(field, field.get(rows_[i], device_)));
    }
    std::printf("%s, %s%s%s\n", device_.cpu_summary().c_str(), device_.machine.c_str(),
                device_.emulated ? ", EMULATED: times mean nothing" : "", kOptimised ? "" : ", UNOPTIMISED build");
    for (const auto& line : lines) {
        std::string text;
        for (size_t column = 0; column < line.size(); ++column) {
            size_t widest = 0;
            for (const auto& other : lines) widest = std::max(widest, width_of(other[column]));
            const std::string gap(widest - width_of(line[column]), ' ');
            const bool left = !is_number(lines.back()[column]);
            text += (column ? "  " : "") + (left ? line[column] + gap : gap + line[column]);
        }
        text.erase(text.find_last_not_of(' ') + 1);
        std::printf("%s\n", text.c_str());
    }
}

}  // namespace ubp::bench
