#include "json.h"

#include <cmath>
#include <cstdio>

namespace ubp::bench {
namespace {

std::string quote(const std::string& text) {
    std::string out = "\"";
    for (unsigned char c : text) {
        char escape[8];
        if (c == '"' || c == '\\') {
            out += '\\';
            out += char(c);
        } else if (c < 0x20) {
            std::snprintf(escape, sizeof escape, "\\u%04x", unsigned(c));
            out += escape;
        } else {
            out += char(c);
        }
    }
    return out + "\"";
}

struct Writer {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(int64_t value) const { return std::to_string(value); }
    std::string operator()(const std::string& value) const { return quote(value); }
    std::string operator()(double value) const {
        if (!std::isfinite(value)) return "null";  // JSON has no infinity
        char text[32];
        std::snprintf(text, sizeof text, "%.9g", value);
        return text;
    }
    template <typename Element>
    std::string operator()(const std::vector<Element>& values) const {
        std::string out = "[";
        for (const Element& value : values) out += (out.size() > 1 ? "," : "") + (*this)(value);
        return out + "]";
    }
};

template <typename Number>
std::string json_optional(const std::optional<Number>& number) {
    return number ? std::to_string(*number) : "null";
}

std::string json_cpu(const Cpu& cpu) {
    return "{\"number\":" + std::to_string(cpu.number) + ",\"type\":" + quote(cpu.type) +
           ",\"min_khz\":" + json_optional(cpu.min_khz) + ",\"max_khz\":" + json_optional(cpu.max_khz) +
           ",\"current_khz\":" + json_optional(cpu.current_khz) +
           ",\"governor\":" + (cpu.governor.empty() ? "null" : quote(cpu.governor)) + "}";
}

}  // namespace

std::string json_value(const Value& value) { return std::visit(Writer{}, value); }

std::string json_row(const Row& row, const Device& device) {
    std::string out = "{";
    for (const Field& field : row_fields())
        out += (out.size() > 1 ? "," : "") + quote(field.name) + ":" + json_value(field.get(row, device));
    return out + "}";
}

std::string json_device(const Device& device) {
    std::string cpus;
    for (const Cpu& cpu : device.cpus) cpus += (cpus.empty() ? "" : ",") + json_cpu(cpu);
    return "{\"system\":" + quote(device.system) + ",\"machine\":" + quote(device.machine) +
           ",\"emulated\":" + (device.emulated ? "true" : "false") +
           ",\"page_size\":" + std::to_string(device.page_size) + ",\"summary\":" + quote(device.cpu_summary()) +
           ",\"features\":" + quote(device.features) + ",\"cpus\":[" + cpus + "]}";
}

}  // namespace ubp::bench
