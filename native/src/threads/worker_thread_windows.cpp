// Threads by the C runtime, which prepares what its functions keep for each.
#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <process.h>
#include <windows.h>

#include "threads/room.h"
#include "threads/worker_thread.h"

namespace ubp {

bool has_room(size_t bytes) {
    void* const room = VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    return room && VirtualFree(room, 0, MEM_RELEASE);
}

unsigned __stdcall WorkerThread::enter(void* self) {
    static_cast<WorkerThread*>(self)->run();
    return 0;
}

// The size is of addresses: pages of a stack are committed when they are touched.
bool WorkerThread::begin() {
    thread_ = _beginthreadex(nullptr, unsigned(kStack), enter, this, STACK_SIZE_PARAM_IS_A_RESERVATION, nullptr);
    return thread_ != 0;
}

WorkerThread::~WorkerThread() {
    if (!thread_) return;
    WaitForSingleObject(reinterpret_cast<HANDLE>(thread_), INFINITE);
    CloseHandle(reinterpret_cast<HANDLE>(thread_));
}

}  // namespace ubp
#endif
