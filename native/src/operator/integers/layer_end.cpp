#include "operator/integers/layer_end.h"

namespace ubp {

void LayerEnd::end_rows(SumsEnd rows, const uint8_t* added, void* y) const {
    rows.addend = added, rows.addend_zero = residual_zero, rows.addend_factor = residual_factor;
    if (floats) return end_sums(rows, clamp.low, clamp.high, static_cast<float*>(y));
    uint8_t* const bytes = static_cast<uint8_t*>(y);
    end_sums(rows, result.limits(), bytes);
    look_up(bytes, rows.rows, rows.count, rows.out_stride);
}

void LayerEnd::look_up(uint8_t* y, int64_t rows, int64_t count, int64_t stride) const {
    if (!result.table) return;
    for (int64_t row = 0; row < rows; ++row) look_up_bytes(result.table, y + row * stride, y + row * stride, count);
}

}  // namespace ubp
