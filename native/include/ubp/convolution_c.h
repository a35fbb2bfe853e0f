/* C ABI of the convolution operator, for Python and others. Every function that can fail returns 0 or an error code and
   writes one line of text to `error` (at most `error_size` bytes, always terminated). No exception crosses it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define UBP_C_API __declspec(dllexport)
#else
#define UBP_C_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum { UBP_CONV_OK = 0, UBP_CONV_BAD_ARGUMENT = 1, UBP_CONV_NO_MEMORY = 2 };
enum { UBP_KERNEL_SPARSE = 0, UBP_KERNEL_MEASURED = 1, UBP_KERNEL_DENSE = 2, UBP_KERNEL_ABP = 3, UBP_KERNEL_UBP = 4 };

/* The fields of a LayerView (ubp/layer.h); the arrays are copied or kept until ubp_convolution_destroy. */
struct ubp_layer {
    uint32_t rows, columns, block_size;
    uint32_t in_channels, groups, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, extra_h, extra_w;
    uint32_t dilation_h, dilation_w;
    uint32_t activation; /* as in docs/format.md */
    uint32_t block_count;
    const uint32_t* row_begin;
    const uint16_t* block_column; /* [block_count + 2], the last two 0 */
    const float* weights;
    const float* bias;
};

struct ubp_convolution_info {
    uint32_t kernel; /* UBP_KERNEL_DENSE, _ABP or _UBP: what runs */
    uint32_t tile_width;
    uint64_t tiles, workspace_bytes;
    int64_t out_height, out_width;
    int64_t dense_ns, sparse_ns; /* UBP_KERNEL_MEASURED: the medians that decided, else 0 */
    char core[16];               /* schedule of the kernels: wide, inorder or avx512 */
};

typedef struct ubp_convolution ubp_convolution;

/* An operator for inputs [batch][in_channels][height][width]. The arrays of `layer` must stay until destroy. */
UBP_C_API int32_t ubp_convolution_create(const struct ubp_layer* layer, int64_t batch, int64_t height, int64_t width,
                                         uint32_t threads, uint32_t kernel, ubp_convolution** out, char* error,
                                         size_t error_size);
UBP_C_API int32_t ubp_convolution_get_info(const ubp_convolution* convolution, struct ubp_convolution_info* info);
/* y: [batch][rows][out_height][out_width]. One call at a time per operator. */
UBP_C_API int32_t ubp_convolution_run(ubp_convolution* convolution, const float* x, float* y);
UBP_C_API void ubp_convolution_destroy(ubp_convolution* convolution);

#ifdef __cplusplus
}
#endif
