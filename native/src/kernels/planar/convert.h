// Arrays of halves to arrays of floats and back, to the nearest, ties to even.
#pragma once

#include <cstdint>

#include "ubp/dtype.h"

namespace ubp {

// Rows of `count` elements, a stride apart on each side. Source and target share no memory.
template <class From, class To>
struct RowConversion {
    const From* from;
    To* to;
    int64_t count, rows, from_stride, to_stride;
};

void widen(const RowConversion<Half, float>& conversion);
void narrow(const RowConversion<float, Half>& conversion);

inline void widen(const Half* from, float* to, int64_t count) { widen({from, to, count, 1, 0, 0}); }
inline void narrow(const float* from, Half* to, int64_t count) { narrow({from, to, count, 1, 0, 0}); }

}  // namespace ubp
