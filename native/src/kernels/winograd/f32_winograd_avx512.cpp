// f32 Winograd transforms for x86 with AVX-512VL: 32 vector registers, as on ARM64.
#define UBP_SET_NAME "avx512"
#define UBP_SET_FUNCTION winograd_kernels_avx512
#include "kernels/winograd/winograd_table.inc"
