// Which kernels of integers suit the core a thread runs on.
#pragma once

#include "kernels/integers/walk.h"
#include "ubp/convolution.h"

namespace ubp {

// True where every core of the machine has the dot product.
bool has_dot_product();

// The set for `core`; Core::automatic looks at the core that the calling thread is on. All sets give the same bits.
const IntegerSet& integer_kernels_for(Core core);

}  // namespace ubp
