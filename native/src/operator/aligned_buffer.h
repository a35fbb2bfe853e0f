// Floats on a cache-line boundary.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

namespace ubp {

class AlignedBuffer {
public:
    AlignedBuffer() = default;
    explicit AlignedBuffer(size_t floats) : AlignedBuffer(floats, untouched) {
        std::fill_n(floats_.get(), floats, 0.0f);
    }

    // Without zeros: the system gives pages of memory only as they are written to.
    enum Untouched { untouched };
    AlignedBuffer(size_t floats, Untouched)
        : floats_(static_cast<float*>(::operator new(floats * sizeof(float), std::align_val_t{64}))), size_(floats) {}

    float* data() const { return floats_.get(); }
    size_t size() const { return size_; }

private:
    struct Free {
        void operator()(float* floats) const { ::operator delete(floats, std::align_val_t{64}); }
    };
    std::unique_ptr<float, Free> floats_;
    size_t size_ = 0;
};

}  // namespace ubp
