// Arrays of halves to arrays of floats and back, to the nearest, ties to even.
#pragma once

#include <cstdint>

#include "ubp/dtype.h"

namespace ubp {

void widen(const Half* from, float* to, int64_t count);
void narrow(const float* from, Half* to, int64_t count);

}  // namespace ubp
