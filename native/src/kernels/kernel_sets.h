// The kernel sets of this binary: the same tiles, each set scheduled for one kind of core.
#pragma once

#include "kernels/wros/walk.h"

namespace ubp {

const KernelSet<float>& f32_wros_wide();
const KernelSet<float>& f32_wros_inorder();
#if defined(__x86_64__)
const KernelSet<float>& f32_wros_avx512();
#endif

// Off ARM64 with emulated vectors: for their results, not for their speed.
const KernelSet<Half>& f16_wros_wide();
const KernelSet<Half>& f16_wros_inorder();

}  // namespace ubp
