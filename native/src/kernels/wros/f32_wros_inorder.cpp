// f32 WROS kernels scheduled for in-order cores (Cortex-A53, A55, A510, A520).
#define UBP_ELEMENT float
#define UBP_TILES "kernels/wros/f32_tiles.def"
#define UBP_WALK InorderWalk
#define UBP_LOADS_TOGETHER false
#define UBP_SET_NAME "inorder"
#define UBP_SET_FUNCTION f32_wros_inorder
#include "kernels/wros/wros_inorder.h"
#include "kernels/wros/wros_table.inc"
