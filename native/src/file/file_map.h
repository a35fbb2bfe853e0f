// The bytes of a file: mapped where the system can, otherwise read. Judges nothing in them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace ubp::file {

class FileMap {
public:
    FileMap() = default;
    ~FileMap();
    FileMap(const FileMap&) = delete;
    FileMap& operator=(const FileMap&) = delete;

    /// Opens a regular file; returns false and the system's reason where it can't.
    bool open(const char* path, std::string& reason);

    const void* data() const { return address_; }
    size_t size() const { return size_; }

private:
    void* address_ = nullptr;  ///< null: an empty file
    size_t size_ = 0;
    std::unique_ptr<char[]> read_;  ///< where the file was not mapped
};

}  // namespace ubp::file
