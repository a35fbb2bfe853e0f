#include "mapped_file.h"

#include "../options.h"

namespace ubp::bench {

MappedFile::MappedFile(const std::string& path) : path_(path) {
    std::string reason;
    FileError error;
    if (!map_.open(path.c_str(), reason)) throw BadInput(path + ": " + reason);
    if (!contents_.open(map_.data(), map_.size(), error)) throw BadInput(path + ": " + error.text);
}

}  // namespace ubp::bench
