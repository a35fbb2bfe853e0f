// An int8 layer's arrays in the form the kernels of integers walk: quads, their counts, bias and factors of each row.
#pragma once

#include <cstdint>
#include <vector>

#include "operator/aligned_buffer.h"
#include "operator/integers/integer_layer.h"

namespace ubp {

// What a layer makes: bytes of this zero point, within limits. `passed`: its sums go through a pass, whatever they are,
// since something is added to them or they become fp32.
struct IntegerResult {
    int32_t zero_point = 0, low = 0, high = 255;
    bool passed = false;
};

struct PreparedIntegers {
    Form form = Form::dense;
    bool aligned = false;          // counts are per group, not per start row
    Ending ending = Ending::sums;  // what the bias is meant for
    ByteLimits limits;
    uint32_t group_rows = 0;            // N, or 8
    uint32_t groups = 0;                // ceil(R / group_rows)
    uint32_t quads_total = 0;           // of the panel: ceil(K / 4)
    std::vector<uint32_t> counts;       // quads, [groups * N] or [groups]
    std::vector<uint32_t> group_begin;  // [groups + 1] first quad of each group
    std::vector<uint16_t> columns;      // 4 (grouped: 1) for each quad, and 8
    AlignedArray<int8_t> weights;       // of each quad, and of one more
    AlignedArray<int32_t> bias;         // [(groups + 1) * group_rows][4]
    AlignedArray<float> factors;        // [(groups + 1) * group_rows]

    size_t bytes() const {
        return sizeof(uint32_t) * (counts.size() + group_begin.size()) + sizeof(uint16_t) * columns.size() +
               weights.size() + sizeof(int32_t) * bias.size() + sizeof(float) * factors.size();
    }
};

// zero_point: of the input.
PreparedIntegers prepare_integers(const IntegerLayer& layer, int32_t zero_point, bool aligned,
                                  const IntegerResult& result);

// The ending of a tile's kernel for a layer that is prepared so: bytes of any sums where there is such a kernel, and
// `passed` does not ask for the sums.
Ending ending_of(const PreparedIntegers& prepared, const IntegerTile& tile, bool passed);

// Everything of a walk but its panel and its spans, from group `first` on.
IntegerWalk walk_of(const PreparedIntegers& prepared, uint32_t first);

}  // namespace ubp
