/* C interface of the network runtime: everything that a program needs to run a packed network (.ubp). docs/embedding.md
   shows how to build with it.

   Every network is a handle of its own; open the file twice to run twice at once. */
#ifndef UBP_NETWORK_C_H
#define UBP_NETWORK_C_H

#include "ubp/common_c.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ubp_network ubp_network;

/* Zeros are the defaults. */
struct ubp_network_options {
    uint32_t threads;
    uint32_t kernel;      /* of the pruned layers: UBP_KERNEL_SPARSE, ... */
    uint32_t no_winograd; /* not 0: dense 3x3 layers of stride 1 never run by Winograd, which is faster, takes memory
                             for transformed weights (prepared_bytes), and rounds more */
};

/* Shape of an input or output: rank 4 is [batch][channels][height][width], rank 2 is [batch][channels]. Arrays are
   planar, the last dimension fastest. */
struct ubp_network_shape {
    uint32_t rank;
    uint32_t sides[4]; /* 1 beyond the rank */
    uint32_t dtype;    /* of the network's own memory: UBP_FP32, UBP_FP16 or UBP_INT8. On a core without fp16 arithmetic
                          a network of fp16 runs in fp32, and so is all its memory */
    uint64_t elements;
};

/* One node of the network, as it runs. Texts are not terminated: they have sizes, and live as long as the network. */
struct ubp_network_step {
    const char* name; /* place in the model */
    size_t name_size;
    const char* operation; /* terminated: convolution, depthwise, grouped, linear, add, multiply, activation, ... */
    const char* kernel;    /* terminated: dense, winograd, abp, ubp, or "" */
    int32_t layer;         /* number in the file, or -1 */
    struct ubp_network_shape input, output;
    int64_t multiply_adds, dense_multiply_adds; /* of one run: what the kernel does, and what a dense layer needs */
};

/* What an open network holds. */
struct ubp_network_info {
    uint64_t file_bytes;      /* mapped, read-only, shared with other processes that map the file */
    uint64_t arena_bytes;     /* all tensors */
    uint64_t workspace_bytes; /* of all threads */
    uint64_t prepared_bytes;  /* biases, counts, copies, and Winograd's weights that operators keep */
    const char* arithmetic;   /* terminated: "int8" where anything is computed in it, else "fp16" or "fp32" */
};

/* Opens a network: maps the file, checks every byte of it, allocates everything. options may be null. */
UBP_API ubp_status ubp_network_open(const char* path, const struct ubp_network_options* options, ubp_network** network,
                                    char* error, size_t error_size);

/* The same from bytes in memory, at an address that is a multiple of 4; they must stay as they are until close. */
UBP_API ubp_status ubp_network_open_bytes(const void* data, size_t size, const struct ubp_network_options* options,
                                          ubp_network** network, char* error, size_t error_size);

/* Frees everything; null is allowed. */
UBP_API void ubp_network_close(ubp_network* network);

UBP_API uint32_t ubp_network_input_count(const ubp_network* network);
UBP_API uint32_t ubp_network_output_count(const ubp_network* network);
UBP_API ubp_status ubp_network_input_shape(const ubp_network* network, uint32_t index, struct ubp_network_shape* shape,
                                           char* error, size_t error_size);
UBP_API ubp_status ubp_network_output_shape(const ubp_network* network, uint32_t index, struct ubp_network_shape* shape,
                                            char* error, size_t error_size);

/* The network's own memory of an input or output, to save a copy, in numbers of its shape's dtype: write an input
   before every run (running destroys it), read an output until the next run. Null where there is no such input or
   output. */
UBP_API void* ubp_network_input(ubp_network* network, uint32_t index);
UBP_API const void* ubp_network_output(const ubp_network* network, uint32_t index);

/* Runs once. inputs[i] and outputs[i] are fp32 arrays, whatever the network computes in, of the input's and output's
   number of elements; null: the caller has written into ubp_network_input, or reads from ubp_network_output. Allocates
   nothing and opens no file. */
UBP_API ubp_status ubp_network_run(ubp_network* network, const float* const* inputs, float* const* outputs, char* error,
                                   size_t error_size);

/* The same, with the time of every step: nanoseconds [ubp_network_step_count]. */
UBP_API ubp_status ubp_network_run_profiled(ubp_network* network, const float* const* inputs, float* const* outputs,
                                            int64_t* step_ns, char* error, size_t error_size);

UBP_API uint32_t ubp_network_step_count(const ubp_network* network);
UBP_API ubp_status ubp_network_get_step(const ubp_network* network, uint32_t index, struct ubp_network_step* step,
                                        char* error, size_t error_size);
UBP_API ubp_status ubp_network_get_info(const ubp_network* network, struct ubp_network_info* info, char* error,
                                        size_t error_size);

#ifdef __cplusplus
}
#endif
#endif
