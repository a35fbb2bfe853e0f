// Depthwise kernels of bytes by the dot product.
#define UBP_TAPS DotTaps
#define UBP_SET_NAME "dot"
#define UBP_SET_FUNCTION i8dot_depthwise
#include "kernels/integers/planar/depthwise_table.inc"
