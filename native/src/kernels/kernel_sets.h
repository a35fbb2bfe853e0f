// The kernel sets of this binary: the same tiles, each set scheduled for one kind of core.
#pragma once

#include "kernels/wros/walk.h"

namespace ubp {

const KernelSet& wros_kernels_wide();
const KernelSet& wros_kernels_inorder();
#if defined(__x86_64__)
const KernelSet& wros_kernels_avx512();
#endif

}  // namespace ubp
