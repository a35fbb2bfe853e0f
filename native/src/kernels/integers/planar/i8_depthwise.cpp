// Depthwise kernels of bytes by widening multiplies: for cores without the dot product, and off ARM64.
#define UBP_TAPS WideningTaps
#define UBP_SET_NAME "widening"
#define UBP_SET_FUNCTION i8_depthwise_widening
#include "kernels/integers/planar/depthwise_table.inc"
