#include "operator/activation.h"

#include <algorithm>

namespace ubp {

void apply_hard_swish(float* values, int count) {
    for (int i = 0; i < count; ++i) {
        values[i] = values[i] * std::min(std::max(values[i] + 3.0f, 0.0f), 6.0f) / 6.0f;
    }
}

}  // namespace ubp
