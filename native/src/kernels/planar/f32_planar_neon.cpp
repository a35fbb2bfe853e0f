// f32 planar kernels for ARM64, and for x86 without AVX-512.
#define UBP_ELEMENT float
#define UBP_SET_NAME "neon"
#define UBP_SET_FUNCTION f32_planar_neon
#include "kernels/planar/planar_table.inc"
