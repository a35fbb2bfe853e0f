#include "mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "options.h"

namespace ubp::bench {

MappedFile::MappedFile(const std::string& path) : path_(path) {
    map();
    FileError error;
    if (contents_.open(address_, size_, error)) return;
    if (address_) munmap(address_, size_);
    throw BadInput(path + ": " + error.text);
}

MappedFile::~MappedFile() {
    if (address_) munmap(address_, size_);
}

void MappedFile::map() {
    const int handle = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat facts {};
    const char* reason = nullptr;
    if (handle < 0 || fstat(handle, &facts) != 0) {
        reason = std::strerror(errno);
    } else if (!S_ISREG(facts.st_mode)) {
        reason = "not a regular file";
    } else if (facts.st_size > 0) {  // an empty file can't be mapped; the reader refuses it
        size_ = static_cast<size_t>(facts.st_size);
        address_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, handle, 0);
        if (address_ == MAP_FAILED) reason = std::strerror(errno), address_ = nullptr;
    }
    if (handle >= 0) close(handle);
    if (reason) throw BadInput(path_ + ": " + reason);
}

}  // namespace ubp::bench
