// A packed file, mapped and checked. The layers point into the map.
#pragma once

#include <string>

#include "file/file_map.h"
#include "ubp/packed_file.h"

namespace ubp::bench {

class MappedFile {
public:
    /// Maps and checks the file; throws BadInput with its path and the reason.
    explicit MappedFile(const std::string& path);

    const std::string& path() const { return path_; }
    size_t size() const { return map_.size(); }
    const PackedFile& contents() const { return contents_; }

private:
    std::string path_;
    file::FileMap map_;
    PackedFile contents_;
};

}  // namespace ubp::bench
