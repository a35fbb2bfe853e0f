// The bytes of a file, mapped. Judges nothing in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace ubp::file {

class FileMap {
public:
    FileMap() = default;
    ~FileMap();
    FileMap(const FileMap&) = delete;
    FileMap& operator=(const FileMap&) = delete;

    /// Opens a regular file; returns false and the system's reason where it can't. Windows takes `path` as UTF-8, and
    /// lets nobody write into the file while it is open.
    bool open(const char* path, std::string& reason);

    /// Whether the file is still what was opened: its size, its time of change, its first bytes, which hold a checksum
    /// of what follows. Asks the system once. A file that was renamed or removed is unchanged, and so is no file at
    /// all.
    bool unchanged() const;

    const void* data() const { return address_; }
    size_t size() const { return size_; }

private:
    static constexpr intptr_t kNoHandle = -1;

    void* address_ = nullptr;  ///< null: an empty file
    size_t size_ = 0;
    intptr_t handle_ = kNoHandle;            ///< the system's, of the open file
    int64_t seconds_ = 0, nanoseconds_ = 0;  ///< when it was changed last
    char begin_[64] = {};                    ///< its first bytes
};

}  // namespace ubp::file
