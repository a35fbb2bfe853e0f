#include "threads/worker_thread.h"

#include <new>

namespace ubp {
namespace {

// What a thread has of its own is allocated when it is first used, and the system ends the process where that fails.
// So it is used at once, while there is room for it, and not when memory has run out.
void make_ready_to_throw() {
    try {
        throw std::bad_alloc();
    } catch (const std::bad_alloc&) {
    }
}

}  // namespace

std::unique_ptr<WorkerThread> WorkerThread::start(std::function<void()> work) {
    std::unique_ptr<WorkerThread> made(new WorkerThread(std::move(work)));
    if (!made->begin()) return nullptr;
    std::unique_lock<std::mutex> lock(made->mutex_);
    made->ready_signal_.wait(lock, [&] { return made->ready_; });
    lock.unlock();
    return made;
}

void WorkerThread::run() {
    make_ready_to_throw();
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        ready_ = true;
        ready_signal_.notify_one();
    }
    work_();
}

}  // namespace ubp
