// f32 Winograd transforms for ARM64, and for x86 without AVX-512.
#define UBP_SET_NAME "neon"
#define UBP_SET_FUNCTION winograd_kernels_neon
#include "kernels/winograd/winograd_table.inc"
