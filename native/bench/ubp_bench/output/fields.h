// The one list of fields that table, CSV, JSON and JSON lines are made from.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "../machine/device.h"
#include "row.h"

namespace ubp::bench {

/// No value is std::monostate: null, or an empty cell.
using Value =
    std::variant<std::monostate, bool, int64_t, double, std::string, std::vector<int64_t>, std::vector<std::string>>;

struct Field {
    const char* name;
    const char* heading;  ///< in the table, which shows nanoseconds as milliseconds; null where it leaves the field out
    Value (*get)(const Row& row, const Device& device);
};

const std::vector<Field>& row_fields();

/// Number of the list's version: raised when a field changes its meaning or goes.
constexpr int64_t kSchemaVersion = 1;

/// Whether this program was compiled with optimisation.
#if defined(__OPTIMIZE__)
constexpr bool kOptimised = true;
#else
constexpr bool kOptimised = false;
#endif

}  // namespace ubp::bench
