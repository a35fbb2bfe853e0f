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

bool FileMap::unchanged() const { return true; }  // it was read

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
namespace {

timespec changed_at(const struct stat& facts) {
#if defined(__APPLE__)
    return facts.st_mtimespec;
#else
    return facts.st_mtim;
#endif
}

}  // namespace

FileMap::~FileMap() {
    if (address_) munmap(address_, size_);
    if (handle_ >= 0) close(handle_);
}

bool FileMap::open(const char* path, std::string& reason) {
    handle_ = ::open(path, O_RDONLY | O_CLOEXEC);
    struct stat facts{};
    if (handle_ < 0 || fstat(handle_, &facts) != 0) {
        reason = std::strerror(errno);
    } else if (!S_ISREG(facts.st_mode)) {
        reason = "not a regular file";
    } else if (facts.st_size > 0) {  // an empty file can't be mapped; the reader refuses it
        size_ = size_t(facts.st_size);
        seconds_ = changed_at(facts).tv_sec, nanoseconds_ = changed_at(facts).tv_nsec;
        address_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, handle_, 0);
        if (address_ == MAP_FAILED) reason = std::strerror(errno), address_ = nullptr;
        // Read and not copied from the map: what was cut by now would end the process.
        if (address_ && pread(handle_, begin_, sizeof begin_, 0) < 0) reason = std::strerror(errno);
    }
    return reason.empty();
}

bool FileMap::unchanged() const {
    if (handle_ < 0) return true;
    struct stat facts{};
    if (fstat(handle_, &facts) != 0 || size_t(facts.st_size) != size_) return false;
    if (changed_at(facts).tv_sec != seconds_ || changed_at(facts).tv_nsec != nanoseconds_) return false;
    char begin[sizeof begin_] = {};
    return pread(handle_, begin, sizeof begin, 0) >= 0 && std::memcmp(begin, begin_, sizeof begin) == 0;
}
#endif

}  // namespace ubp::file
