/* C interface of the packed file's reader. Functions return UBP_FILE_OK or a code, and then one line in `error`. */
#ifndef UBP_PACKED_FILE_C_H
#define UBP_PACKED_FILE_C_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define UBP_FILE_API __declspec(dllexport)
#else
#define UBP_FILE_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum { UBP_FILE_OK = 0, UBP_FILE_REFUSED = 1, UBP_FILE_NO_MEMORY = 2 };

typedef struct ubp_file ubp_file;

/* Checks the bytes of a file and gives out a handle on its layers. The bytes must outlive the handle.
   error: receives one zero-terminated line, cut to error_size bytes; may be null where error_size is 0. */
UBP_FILE_API int ubp_file_open(const void* data, size_t size, ubp_file** file, char* error, size_t error_size);
UBP_FILE_API void ubp_file_close(ubp_file* file);
UBP_FILE_API uint32_t ubp_file_layer_count(const ubp_file* file);

/* The layer as a `const ubp::LayerView*` for the operator; null where there is no such layer. */
UBP_FILE_API const void* ubp_file_layer(const ubp_file* file, uint32_t index);

/* Name of a layer (not zero-terminated) and its size in bytes; null where there is no such layer. */
UBP_FILE_API const char* ubp_file_layer_name(const ubp_file* file, uint32_t index, size_t* size);

#ifdef __cplusplus
}
#endif
#endif
