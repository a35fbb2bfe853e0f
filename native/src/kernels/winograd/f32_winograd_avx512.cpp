// f32 Winograd transforms for x86 with AVX-512VL: 32 vector registers, as on ARM64.
#define UBP_ELEMENT float
#define UBP_SET_NAME "avx512"
#define UBP_SET_FUNCTION f32_winograd_avx512
#define UBP_SET_SIDES {UBP_SIDE(4), UBP_SIDE(6)}, 2
#include "kernels/winograd/winograd_table.inc"
