// A thread of a pool, on a stack of the size that the pool asks for. Where a process is short of memory, the system's
// own stacks are too large (8 MB of addresses on Linux), and it keeps those of ended threads instead of giving them
// back; so where the system can, the stack is mapped and given back here.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#if !defined(_WIN32)
#include <pthread.h>
#endif

namespace ubp {

class WorkerThread {
public:
    /// Runs `work` on a new thread; null where the system has no thread, or no memory for one.
    static std::unique_ptr<WorkerThread> start(std::function<void()> work);
    /// Waits until the work has ended.
    ~WorkerThread();
    WorkerThread(const WorkerThread&) = delete;
    WorkerThread& operator=(const WorkerThread&) = delete;

private:
    /// Of a stack: kernels and methods need a few tens of KB.
    static constexpr size_t kStack = size_t{1} << 20;

    explicit WorkerThread(std::function<void()> work) : work_(std::move(work)) {}
    bool begin();
    void run();

    std::function<void()> work_;
    std::mutex mutex_;
    std::condition_variable ready_signal_;
    bool ready_ = false;
#if defined(_WIN32)
    static unsigned __stdcall enter(void* self);

    uintptr_t thread_ = 0;
#else
    static void* enter(void* self);
    bool map_stack();

    pthread_t thread_{};
    bool running_ = false;
    void* stack_ = nullptr;
    size_t stack_bytes_ = 0;
#endif
};

}  // namespace ubp
