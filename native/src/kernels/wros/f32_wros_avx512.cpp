// f32 WROS kernels for x86 with AVX-512VL: the wide schedule with 32 vector registers, as on ARM64.
#define UBP_ELEMENT float
#define UBP_TILES "kernels/wros/f32_tiles.def"
#define UBP_WALK WideWalk
#define UBP_LOADS_TOGETHER true
#define UBP_SET_NAME "avx512"
#define UBP_SET_FUNCTION f32_wros_avx512
#include "kernels/wros/wros_wide.h"
#include "kernels/wros/wros_table.inc"
