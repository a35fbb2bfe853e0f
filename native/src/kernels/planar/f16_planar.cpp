// f16 planar kernels for cores with fp16 arithmetic; emulated elsewhere.
#define UBP_ELEMENT Half
#define UBP_SET_NAME "neon"
#define UBP_SET_FUNCTION f16_planar
#include "kernels/half.h"
#include "kernels/planar/planar_table.inc"
