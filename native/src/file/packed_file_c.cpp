#include "ubp/packed_file_c.h"

#include "c_api/guard.h"
#include "c_api/handles.h"
#include "c_api/layer.h"
#include "ubp/packed_file.h"

namespace ubp {
namespace {

using c_api::ErrorLine;

c_api::HandleTable<PackedFile, ubp_file> files;

// Calls use(layer), which returns a status, for a layer that is there.
template <class Use>
ubp_status with_layer(const ubp_file* file, uint32_t index, const ErrorLine& line, const Use& use) {
    const PackedFile* const opened = files.find(file);
    if (!opened) return line.bad_argument(c_api::kClosed);
    if (index >= opened->layers().size()) return line.bad_argument("no such layer");
    return use(opened->layers()[index]);
}

}  // namespace
}  // namespace ubp

ubp_status ubp_file_open(const void* data, size_t size, ubp_file** file, char* error, size_t error_size) {
    using namespace ubp;
    return c_api::guard(error, error_size, [&](const ErrorLine& line) {
        if (!file) return line.bad_argument(c_api::kNoOutput);
        *file = nullptr;
        if (!data) return line.bad_argument("data must not be null");
        auto made = std::make_unique<PackedFile>();
        FileError refusal;
        if (!made->open(data, size, refusal)) return line.fail(UBP_REFUSED, refusal.text);
        *file = files.open(std::move(made));
        return *file ? UBP_OK : line.fail(UBP_NO_MEMORY, c_api::kTooManyHandles);
    });
}

void ubp_file_close(ubp_file* file) { ubp::files.close(file); }

uint32_t ubp_file_layer_count(const ubp_file* file) {
    const ubp::PackedFile* const opened = ubp::files.find(file);
    return opened ? uint32_t(opened->layers().size()) : 0;
}

ubp_status ubp_file_get_layer(const ubp_file* file, uint32_t index, ubp_layer* layer, char* error, size_t error_size) {
    using namespace ubp;
    return c_api::guard(error, error_size, [&](const ErrorLine& line) {
        return with_layer(file, index, line, [&](const FileLayer& found) {
            if (!layer) return line.bad_argument(c_api::kNoOutput);
            *layer = c_api::layer_of(found.view);
            return UBP_OK;
        });
    });
}

ubp_status ubp_file_get_layer_name(const ubp_file* file, uint32_t index, const char** name, size_t* name_size,
                                   char* error, size_t error_size) {
    using namespace ubp;
    return c_api::guard(error, error_size, [&](const ErrorLine& line) {
        return with_layer(file, index, line, [&](const FileLayer& found) {
            if (!name || !name_size) return line.bad_argument(c_api::kNoOutput);
            *name = found.name.data(), *name_size = found.name.size();
            return UBP_OK;
        });
    });
}
