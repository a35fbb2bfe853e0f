#include "allocations.h"

#include <cstdlib>
#include <new>

namespace {

bool counting = false;
size_t counted = 0;

void* allocate(size_t size) {
    if (counting) counted += size;
    if (void* memory = std::malloc(size ? size : 1)) return memory;
    throw std::bad_alloc();
}

}  // namespace

// The sanitizer watches malloc below, so nothing of its checks is lost. Aligned memory is its own: only operators ask
// for it, and they are not counted.
void* operator new(size_t size, const std::nothrow_t&) noexcept { return std::malloc(size ? size : 1); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void* operator new(size_t size) { return allocate(size); }
void* operator new[](size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

namespace ubp::fuzz {

void start_counting() {
    counted = 0;
    counting = true;
}

size_t stop_counting() {
    counting = false;
    return counted;
}

}  // namespace ubp::fuzz
