// f32 planar kernels for x86 with AVX-512VL: 32 vector registers, as on ARM64.
#define UBP_ELEMENT float
#define UBP_SET_NAME "avx512"
#define UBP_SET_FUNCTION f32_planar_avx512
#include "kernels/planar/planar_table.inc"
