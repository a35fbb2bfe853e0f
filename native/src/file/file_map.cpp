#include "file/file_map.h"

#include <cerrno>
#include <cstring>

#if defined(_WIN32)
#include <cstdio>
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace ubp::file {

#if defined(_WIN32)
FileMap::~FileMap() = default;

bool FileMap::open(const char* path, std::string& reason) {
    std::FILE* file = std::fopen(path, "rb");
    if (!file || std::fseek(file, 0, SEEK_END) != 0) return reason = std::strerror(errno), false;
    size_ = size_t(std::ftell(file));
    read_.reset(new char[size_ + 1]);
    std::rewind(file);
    const bool whole = std::fread(read_.get(), 1, size_, file) == size_;
    std::fclose(file);
    address_ = read_.get();
    if (!whole) reason = "can't be read";
    return whole;
}
#else
FileMap::~FileMap() {
    if (address_) munmap(address_, size_);
}

bool FileMap::open(const char* path, std::string& reason) {
    const int handle = ::open(path, O_RDONLY | O_CLOEXEC);
    struct stat facts {};
    if (handle < 0 || fstat(handle, &facts) != 0) {
        reason = std::strerror(errno);
    } else if (!S_ISREG(facts.st_mode)) {
        reason = "not a regular file";
    } else if (facts.st_size > 0) {  // an empty file can't be mapped; the reader refuses it
        size_ = size_t(facts.st_size);
        address_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, handle, 0);
        if (address_ == MAP_FAILED) reason = std::strerror(errno), address_ = nullptr;
    }
    if (handle >= 0) close(handle);
    return reason.empty();
}
#endif

}  // namespace ubp::file
