// Files by open and mmap.
#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "file/file_map.h"

namespace ubp::file {
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
    if (handle_ != kNoHandle) close(int(handle_));
}

bool FileMap::open(const char* path, std::string& reason) {
    handle_ = ::open(path, O_RDONLY | O_CLOEXEC);
    struct stat facts{};
    if (handle_ == kNoHandle || fstat(int(handle_), &facts) != 0) {
        reason = std::strerror(errno);
    } else if (!S_ISREG(facts.st_mode)) {
        reason = "not a regular file";
    } else if (facts.st_size > 0) {  // an empty file can't be mapped; the reader refuses it
        size_ = size_t(facts.st_size);
        seconds_ = changed_at(facts).tv_sec, nanoseconds_ = changed_at(facts).tv_nsec;
        address_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, int(handle_), 0);
        if (address_ == MAP_FAILED) reason = std::strerror(errno), address_ = nullptr;
        // Read and not copied from the map: what was cut by now would end the process.
        if (address_ && pread(int(handle_), begin_, sizeof begin_, 0) < 0) reason = std::strerror(errno);
    }
    return reason.empty();
}

bool FileMap::unchanged() const {
    if (handle_ == kNoHandle) return true;
    struct stat facts{};
    if (fstat(int(handle_), &facts) != 0 || size_t(facts.st_size) != size_) return false;
    if (changed_at(facts).tv_sec != seconds_ || changed_at(facts).tv_nsec != nanoseconds_) return false;
    char begin[sizeof begin_] = {};
    return pread(int(handle_), begin, sizeof begin, 0) >= 0 && std::memcmp(begin, begin_, sizeof begin) == 0;
}

}  // namespace ubp::file
#endif
