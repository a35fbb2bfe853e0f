// Rows of bytes less 128 in phases: what a kernel of stride s sees as every s-th byte lies together.
#pragma once

#include <cstdint>

namespace ubp {

// Column c of a padded row goes to phase c % stride, there to place c / stride. Only what is in the image is written.
struct PhaseRows {
    const uint8_t* from = nullptr;
    int64_t width = 0, rows = 0, from_bytes = 0;  // bytes between the rows that are wanted
    int64_t stride = 1, pad = 0;                  // columns of padding before the image
    int64_t phases = 1;                           // that are wanted: the first ones
    int8_t* to = nullptr;
    int64_t row_bytes = 0, phase_bytes = 0;  // between rows; between phases of a row, and what is wanted of each
};
void centre_phases(PhaseRows image);

}  // namespace ubp
