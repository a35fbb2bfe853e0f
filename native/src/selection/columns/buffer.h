// Uninitialised working memory.
#pragma once
#include <cstdint>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace ubp::selection {

// An array that starts on a cache line. Large ones ask for huge pages (2 MB), because the first touch of many small
// ones costs about as much as the work done in them.
template <typename T>
class Buffer {
public:
    explicit Buffer(int64_t size) {
        const size_t bytes = sizeof(T) * static_cast<size_t>(size > 0 ? size : 1);
        alignment_ = std::align_val_t{bytes < 2 * kHugePage ? kCacheLine : kHugePage};
        data_ = static_cast<T*>(::operator new(bytes, alignment_));
#if defined(__linux__)
        if (bytes >= 2 * kHugePage) madvise(data_, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() { ::operator delete(data_, alignment_); }
    T* data() { return data_; }
    const T* data() const { return data_; }
    T& operator[](int64_t i) { return data_[i]; }
    const T& operator[](int64_t i) const { return data_[i]; }

private:
    static constexpr size_t kCacheLine = 64, kHugePage = size_t{1} << 21;
    std::align_val_t alignment_{};
    T* data_;
};

}  // namespace ubp::selection
