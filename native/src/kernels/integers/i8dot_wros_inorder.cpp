// int8 WROS kernels by the dot product, scheduled for in-order cores (Cortex-A55, A510, A520).
#include "kernels/integers/inorder.h"
#include "kernels/integers/wide.h"
#define UBP_WALK IntegerInorderWalk
#define UBP_CROWDED_WALK IntegerWideWalk
#define UBP_ALL_ENDINGS 1
#define UBP_SET_NAME "inorder"
#define UBP_SET_FUNCTION i8dot_wros_inorder
#include "kernels/integers/table.inc"
