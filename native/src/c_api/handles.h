// Handles of the C interface: numbers that look like pointers, and the table in which they are looked up.
//
// A handle is (generation, slot), and a slot's generation grows whenever it is given out anew. So a handle is never
// given out twice, and one that was closed, or is no handle at all, finds nothing: no memory is read through it.
// Looking up takes no lock and two loads; opening and closing take one.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace ubp::c_api {

template <class Object, class Opaque>
class HandleTable {
public:
    static constexpr unsigned kSlotBits = 14;  // so many handles at once

    // Null where the table is full. A slot whose generations are used up is not given out again.
    Opaque* open(std::unique_ptr<Object> object) {
        const std::lock_guard<std::mutex> lock(mutex_);
        const uintptr_t index = free_ ? free_ - 1 : fresh_;
        if (index == slots_.size()) return nullptr;
        Slot& slot = slots_[index];
        if (free_) free_ = slot.next_free;
        else ++fresh_;
        slot.object = object.release();
        const uintptr_t handle = (++slot.generation << kSlotBits | index) << 1 | 1;
        slot.handle.store(handle, std::memory_order_release);
        return reinterpret_cast<Opaque*>(handle);
    }

    // What an open handle stands for; else null.
    Object* find(const Opaque* opaque) const noexcept {
        const auto handle = reinterpret_cast<uintptr_t>(opaque);
        const Slot& slot = slots_[slot_of(handle)];
        return handle != 0 && slot.handle.load(std::memory_order_acquire) == handle ? slot.object : nullptr;
    }

    // Destroys what an open handle stands for; does nothing for any other.
    void close(const Opaque* opaque) noexcept { const std::unique_ptr<Object> last(take(opaque)); }

private:
    struct Slot {
        std::atomic<uintptr_t> handle{0};  // 0: closed
        Object* object = nullptr;
        uintptr_t generation = 0;
        uintptr_t next_free = 0;  // 1 + index of the next free slot, or 0
    };
    static constexpr uintptr_t kLastGeneration = UINTPTR_MAX >> (kSlotBits + 1);

    static uintptr_t slot_of(uintptr_t handle) { return handle >> 1 & ((uintptr_t{1} << kSlotBits) - 1); }

    Object* take(const Opaque* opaque) noexcept {
        const std::lock_guard<std::mutex> lock(mutex_);
        Object* const object = find(opaque);
        if (!object) return nullptr;
        const uintptr_t index = slot_of(reinterpret_cast<uintptr_t>(opaque));
        Slot& slot = slots_[index];
        slot.handle.store(0, std::memory_order_release);
        slot.object = nullptr;
        if (slot.generation < kLastGeneration) slot.next_free = free_, free_ = index + 1;
        return object;
    }

    std::array<Slot, size_t{1} << kSlotBits> slots_{};
    std::mutex mutex_;
    uintptr_t free_ = 0;   // 1 + index of the first free slot, or 0
    uintptr_t fresh_ = 0;  // slots that were in use at least once
};

}  // namespace ubp::c_api
