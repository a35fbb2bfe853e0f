/* C interface of the packed file's reader: checks the bytes of a .ubp file and tells what its layers are. */
#ifndef UBP_PACKED_FILE_C_H
#define UBP_PACKED_FILE_C_H

#include "ubp/common_c.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ubp_file ubp_file;

/* Checks every byte, at an address that is a multiple of 4, and gives out a handle on the layers. The bytes must
   outlive the handle. */
UBP_API ubp_status ubp_file_open(const void* data, size_t size, ubp_file** file, char* error, size_t error_size);
UBP_API void ubp_file_close(ubp_file* file);
UBP_API uint32_t ubp_file_layer_count(const ubp_file* file);

/* A layer, whose arrays lie in the file's bytes, as ubp_convolution_open takes it. */
UBP_API ubp_status ubp_file_get_layer(const ubp_file* file, uint32_t index, struct ubp_layer* layer, char* error,
                                      size_t error_size);

/* Name of a layer: UTF-8, not terminated, in the file's bytes. */
UBP_API ubp_status ubp_file_get_layer_name(const ubp_file* file, uint32_t index, const char** name, size_t* name_size,
                                           char* error, size_t error_size);

#ifdef __cplusplus
}
#endif
#endif
