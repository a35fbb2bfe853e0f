/* C interface of the convolution operator: one packed layer, run on this machine. */
#ifndef UBP_CONVOLUTION_C_H
#define UBP_CONVOLUTION_C_H

#include "ubp/common_c.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ubp_convolution ubp_convolution;

struct ubp_convolution_options {
    int64_t batch, height, width; /* of the input */
    uint32_t threads;
    uint32_t kernel;      /* UBP_KERNEL_SPARSE, ... */
    uint32_t no_winograd; /* not 0: dense 3x3 layers of stride 1 never run by Winograd */
};

struct ubp_convolution_info {
    uint32_t kernel; /* UBP_KERNEL_DENSE, _ABP or _UBP: what runs */
    uint32_t tile_width;
    uint64_t tiles, workspace_bytes;
    int64_t out_height, out_width;
    int64_t dense_ns, sparse_ns; /* UBP_KERNEL_MEASURED: the medians that decided, else 0 */
    char core[16];               /* schedule of the kernels: wide, inorder or avx512 */
};

/* An operator for inputs [batch][in_channels][height][width]. The arrays of `layer` must stay until close. */
UBP_API ubp_status ubp_convolution_open(const struct ubp_layer* layer, const struct ubp_convolution_options* options,
                                        ubp_convolution** convolution, char* error, size_t error_size);

UBP_API ubp_status ubp_convolution_get_info(const ubp_convolution* convolution, struct ubp_convolution_info* info,
                                            char* error, size_t error_size);

/* y: [batch][rows][out_height][out_width]. Allocates nothing. */
UBP_API ubp_status ubp_convolution_run(ubp_convolution* convolution, const float* x, float* y, char* error,
                                       size_t error_size);

UBP_API void ubp_convolution_close(ubp_convolution* convolution);

#ifdef __cplusplus
}
#endif
#endif
