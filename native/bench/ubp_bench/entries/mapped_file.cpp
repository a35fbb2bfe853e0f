#include "mapped_file.h"

#include "../options.h"

namespace ubp::bench {

MappedFile::MappedFile(const std::string& path) : path_(path) {
    std::string reason;
    FileError error;
    if (!map_.open(path.c_str(), reason)) throw BadInput(path + ": " + reason);
    if (!contents_.open(map_.data(), map_.size(), error)) throw BadInput(path + ": " + error.text);
    for (const FileLayer& layer : contents_.layers())
        if (layer.view.dtype == DType::int8) throw BadInput(path + ": layers of int8 can't be run yet");
}

}  // namespace ubp::bench
