/* Words that all C interfaces of the library share: status codes, kernels, methods, the layer, and the version that a
   caller compares.

   Rules of every function: what can fail returns a ubp_status and takes `error`, an array of `error_size` bytes, as its
   last parameters; it then holds one terminated line. Both may be 0. Nothing is thrown. Arguments are inputs, options,
   outputs, error, in this order.

   Handles are opaque and made by `open`, ended by `close`. They look like pointers and are none: the library looks them
   up in a table that never gives out the same handle twice. A null handle, or one that has been closed, is answered
   with UBP_BAD_ARGUMENT (or 0, or null), and closing it again does nothing. A handle may be used by any thread, but not
   by two at once, closing included. */
#ifndef UBP_COMMON_C_H
#define UBP_COMMON_C_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define UBP_API __declspec(dllexport)
#else
#define UBP_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Grows whenever a function, a struct or a number below changes its meaning. */
#define UBP_ABI_VERSION 4

/* `threads` in options: 1..UBP_MAX_THREADS, the calling thread counts; 0 is 1. The library uses as many as the system
   gives, down to the caller alone; results do not depend on it. */
#define UBP_MAX_THREADS 64

typedef enum ubp_status {
    UBP_OK = 0,
    UBP_REFUSED = 1, /* the file, the values, or an option that does not fit them; the line names the field */
    UBP_NO_MEMORY = 2,
    UBP_UNREADABLE = 3,   /* the system does not open or map the file, or it was changed while it was open */
    UBP_BAD_ARGUMENT = 4, /* a null pointer, a closed handle, a number out of range, or no such item */
    UBP_EXHAUSTED = 5,    /* greedy ran out of candidates before the budget was spent */
    UBP_NO_THREADS = 6    /* the system refuses what threads need beside memory: a lock */
} ubp_status;

/* How pruned layers run. */
typedef enum ubp_kernel {
    UBP_KERNEL_SPARSE = 0,   /* as the layer was packed: aligned or unaligned blocks */
    UBP_KERNEL_MEASURED = 1, /* the faster of sparse and dense, timed on this machine when opened */
    UBP_KERNEL_DENSE = 2,    /* filled up with zeros */
    UBP_KERNEL_ABP = 3,      /* code for aligned blocks; refused where a block is not aligned */
    UBP_KERNEL_UBP = 4       /* code for blocks at any row */
} ubp_kernel;

/* How blocks are selected. */
typedef enum ubp_method {
    UBP_METHOD_ABP = 0,
    UBP_METHOD_GREEDY = 1,
    UBP_METHOD_BED = 2,
    UBP_METHOD_OPTIMAL = 3,
    UBP_METHOD_UNSTRUCTURED = 4
} ubp_method;

/* Types of numbers. fp16 is IEEE binary16. */
typedef enum ubp_dtype { UBP_FP32 = 0, UBP_FP16 = 1, UBP_INT8 = 2 } ubp_dtype;

/* A packed layer (docs/format.md). Whoever fills one in answers for what its arrays hold. */
struct ubp_layer {
    uint32_t rows, columns, block_size; /* block_size 0: dense, `weights` is [rows][columns] */
    uint32_t in_channels, groups, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, extra_h, extra_w;
    uint32_t dilation_h, dilation_w;
    uint32_t activation;
    uint32_t dtype;     /* of `weights`, and of what the layer takes and makes: UBP_FP32, UBP_FP16, UBP_INT8 */
    uint32_t wide_sums; /* fp16: not 0 where products are summed in fp32 */
    uint32_t block_count;
    uint32_t blocked;                /* dense: not 0 where `weights` is [rows / 8, rounded up][columns][8] */
    uint32_t readable_after_weights; /* numbers behind `weights` that may be read; 0 is always right */
    uint32_t block_columns;          /* of a block: 1, or 4 in some layers of int8 */
    const uint32_t* row_begin;
    const uint16_t* block_column; /* [block_count + 2], the last two 0 */
    const void* weights;
    const float* bias;           /* null in layers of int8 */
    const int32_t* integer_bias; /* this one and the next: of int8, [rows] */
    const float* scales;
    const uint16_t* column_order; /* of int8 with 4 block columns, [columns] */
};

/* UBP_ABI_VERSION of the library that is running. */
UBP_API uint32_t ubp_abi_version(void);

/* Name of a kernel or method, as commands and files have it; null where there is none of this number. */
UBP_API const char* ubp_kernel_name(uint32_t kernel);
UBP_API const char* ubp_method_name(uint32_t method);

#ifdef __cplusplus
}
#endif
#endif
