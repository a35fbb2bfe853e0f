// f16 WROS kernels scheduled for in-order cores with fp16 arithmetic (Cortex-A55, A510, A520).
#define UBP_ELEMENT Half
#define UBP_TILES "kernels/wros/f16_tiles.def"
#define UBP_WALK InorderWalk
#define UBP_LOADS_TOGETHER false
#define UBP_SET_NAME "inorder"
#define UBP_SET_FUNCTION f16_wros_inorder
#include "kernels/half.h"
#include "kernels/wros/wros_inorder.h"
#include "kernels/half.h"
#include "kernels/wros/wros_table.inc"
