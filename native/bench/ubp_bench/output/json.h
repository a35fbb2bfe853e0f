// JSON text of values, rows and device facts.
#pragma once

#include <string>

#include "fields.h"

namespace ubp::bench {

std::string json_value(const Value& value);

/// One object with every field.
std::string json_row(const Row& row, const Device& device);

std::string json_device(const Device& device);

}  // namespace ubp::bench
