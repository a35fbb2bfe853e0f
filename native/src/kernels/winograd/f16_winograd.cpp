// f16 Winograd transforms for cores with fp16 arithmetic; emulated elsewhere. F(6) rounds too much there.
#define UBP_ELEMENT Half
#define UBP_SET_NAME "neon"
#define UBP_SET_FUNCTION f16_winograd
#define UBP_SET_SIDES {UBP_SIDE(4)}, 1
#include "kernels/half.h"
#include "kernels/winograd/winograd_table.inc"
