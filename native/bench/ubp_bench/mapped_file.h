// A packed file, mapped and checked. The layers point into the map.
#pragma once

#include <string>

#include "ubp/packed_file.h"

namespace ubp::bench {

class MappedFile {
public:
    /// Maps and checks the file; throws BadInput with its path and the reason.
    explicit MappedFile(const std::string& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    const std::string& path() const { return path_; }
    const PackedFile& contents() const { return contents_; }

private:
    void map();

    std::string path_;
    void* address_ = nullptr;
    size_t size_ = 0;
    PackedFile contents_;
};

}  // namespace ubp::bench
