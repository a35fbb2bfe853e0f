// f16 WROS kernels scheduled for out-of-order cores with fp16 arithmetic (Cortex-A75 and later, X, Neoverse).
#define UBP_ELEMENT Half
#define UBP_TILES "kernels/wros/f16_tiles.def"
#define UBP_WALK WideWalk
#define UBP_LOADS_TOGETHER true
#define UBP_SET_NAME "wide"
#define UBP_SET_FUNCTION f16_wros_wide
#include "kernels/half.h"
#include "kernels/wros/wros_wide.h"
#include "kernels/half.h"
#include "kernels/wros/wros_table.inc"
