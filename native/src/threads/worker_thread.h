// A thread of a pool, on a stack that the pool maps and gives back. Where a process is short of memory, the system's
// own stacks are too large (8 MB of addresses), and it keeps those of ended threads instead of giving them back.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#if defined(_WIN32)
#include <thread>
#else
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
    explicit WorkerThread(std::function<void()> work) : work_(std::move(work)) {}
    bool begin();
    void run();

    std::function<void()> work_;
    std::mutex mutex_;
    std::condition_variable ready_signal_;
    bool ready_ = false;
#if defined(_WIN32)
    std::thread thread_;
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
