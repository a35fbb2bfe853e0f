// int8 WROS kernels by the dot product, scheduled for out-of-order cores (Cortex-A75 and later, X, Neoverse).
#include "kernels/integers/wide.h"
#define UBP_WALK IntegerWideWalk
#define UBP_CROWDED_WALK IntegerWideWalk
#define UBP_ALL_ENDINGS 1
#define UBP_SET_NAME "wide"
#define UBP_SET_FUNCTION i8dot_wros_wide
#include "kernels/integers/table.inc"
