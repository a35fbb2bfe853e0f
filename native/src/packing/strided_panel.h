// Panels of convolutions that take every second column: a vector of positions of an output row at a time, all taps of
// an input row from the same loads. For few channels that is most of what a panel costs; see packing/panel.h for the
// rest.
#pragma once

#include "packing/geometry.h"

namespace ubp {

// Stride 2 across, 3, 5 or 7 taps across, dilation 1; output rows of whole vectors, or few channels.
bool suits_strided_panel(const Geometry& geometry, int lanes);

// As PanelPacker::pack. T: float or Half.
template <class T>
void pack_strided_panel(const Geometry& geometry, const T* x, int64_t first, int count, int stride, T* panel);

}  // namespace ubp
