// f32 Winograd transforms for ARM64, and for x86 without AVX-512.
#define UBP_ELEMENT float
#define UBP_SET_NAME "neon"
#define UBP_SET_FUNCTION f32_winograd_neon
#define UBP_SET_SIDES {UBP_SIDE(4), UBP_SIDE(6)}, 2
#include "kernels/winograd/winograd_table.inc"
