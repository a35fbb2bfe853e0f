// Writes rows in one of the four formats. All of them go by the list in fields.h.
#pragma once

#include <string>
#include <vector>

#include "../machine/device.h"
#include "../options.h"
#include "row.h"

namespace ubp::bench {

class Output {
public:
    Output(Format format, const Device& device) : format_(format), device_(device) {}

    /// CSV and JSON lines are written row by row, so that a run that ends early leaves what it has.
    void add(const Row& row);

    /// Writes what waits for the last row; throws std::runtime_error where standard output can't be written.
    void finish();

private:
    void write_table() const;
    void write_json() const;

    Format format_;
    const Device& device_;
    std::vector<Row> rows_;
    bool headed_ = false;
};

}  // namespace ubp::bench
