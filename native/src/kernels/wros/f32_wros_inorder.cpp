// f32 WROS kernels scheduled for in-order cores (Cortex-A53, A55, A510, A520).
#define UBP_WALK InorderWalk
#define UBP_LOADS_TOGETHER false
#define UBP_SET_NAME "inorder"
#define UBP_SET_FUNCTION wros_kernels_inorder
#include "kernels/wros/wros_inorder.h"
#include "kernels/wros/wros_table.inc"
