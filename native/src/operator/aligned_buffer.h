// Elements on a cache-line boundary.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

namespace ubp {

template <class T>
class AlignedArray {
public:
    AlignedArray() = default;
    explicit AlignedArray(size_t count) : AlignedArray(count, untouched) { std::fill_n(elements_.get(), count, T(0)); }

    // Without zeros: the system gives pages of memory only as they are written to.
    enum Untouched { untouched };
    AlignedArray(size_t count, Untouched)
        : elements_(static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t{64}))), size_(count) {}

    T* data() const { return elements_.get(); }
    size_t size() const { return size_; }

private:
    struct Free {
        void operator()(T* elements) const { ::operator delete(elements, std::align_val_t{64}); }
    };
    std::unique_ptr<T, Free> elements_;
    size_t size_ = 0;
};

using AlignedBuffer = AlignedArray<float>;

}  // namespace ubp
