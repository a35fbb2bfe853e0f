#include "ubp/packed_file_c.h"

#include <cstdio>
#include <memory>
#include <new>

#include "ubp/packed_file.h"

struct ubp_file {
    ubp::PackedFile contents;
};

namespace {

int report(int code, const char* text, char* error, size_t error_size) {
    if (error_size > 0) std::snprintf(error, error_size, "%s", text);
    return code;
}

}  // namespace

int ubp_file_open(const void* data, size_t size, ubp_file** file, char* error, size_t error_size) {
    *file = nullptr;
    try {
        auto made = std::make_unique<ubp_file>();
        ubp::FileError refusal;
        if (!made->contents.open(data, size, refusal)) return report(UBP_FILE_REFUSED, refusal.text, error, error_size);
        *file = made.release();
    } catch (const std::bad_alloc&) {
        return report(UBP_FILE_NO_MEMORY, "out of memory", error, error_size);
    }
    return UBP_FILE_OK;
}

void ubp_file_close(ubp_file* file) { delete file; }

uint32_t ubp_file_layer_count(const ubp_file* file) { return static_cast<uint32_t>(file->contents.layers().size()); }

const void* ubp_file_layer(const ubp_file* file, uint32_t index) {
    return index < ubp_file_layer_count(file) ? &file->contents.layers()[index].view : nullptr;
}

const char* ubp_file_layer_name(const ubp_file* file, uint32_t index, size_t* size) {
    if (index >= ubp_file_layer_count(file)) return nullptr;
    const std::string_view name = file->contents.layers()[index].name;
    *size = name.size();
    return name.data();
}
