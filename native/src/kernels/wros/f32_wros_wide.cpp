// f32 WROS kernels scheduled for out-of-order cores (Cortex-A7x, X, Neoverse), and for x86 without AVX-512.
#define UBP_WALK WideWalk
#define UBP_LOADS_TOGETHER true
#define UBP_SET_NAME "wide"
#define UBP_SET_FUNCTION wros_kernels_wide
#include "kernels/wros/wros_wide.h"
#include "kernels/wros/wros_table.inc"
