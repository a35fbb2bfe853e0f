// int8 WROS kernels by widening multiplies: for cores without the dot product (Cortex-A53, A57, A72, A73), and off
// ARM64.
#include "kernels/integers/wide.h"
#define UBP_WALK IntegerWideWalk
#define UBP_CROWDED_WALK IntegerWideWalk
#define UBP_ALL_ENDINGS 0
#define UBP_SET_NAME "widening"
#define UBP_SET_FUNCTION i8_wros_widening
#include "kernels/integers/table.inc"
