// f32 WROS kernels scheduled for out-of-order cores (Cortex-A7x, X, Neoverse), and for x86 without AVX-512.
#define UBP_ELEMENT float
#define UBP_TILES "kernels/wros/f32_tiles.def"
#define UBP_WALK WideWalk
#define UBP_LOADS_TOGETHER true
#define UBP_SET_NAME "wide"
#define UBP_SET_FUNCTION f32_wros_wide
#include "kernels/wros/wros_wide.h"
#include "kernels/wros/wros_table.inc"
