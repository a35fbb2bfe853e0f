#include "threads/worker_thread.h"

#include <new>
#include <system_error>

#if !defined(_WIN32)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace ubp {
namespace {

// Of a stack: kernels and methods need a few tens of KB.
[[maybe_unused]] constexpr size_t kStack = size_t{1} << 20;
// For what a new thread allocates: it may map pages for each piece.
[[maybe_unused]] constexpr size_t kReserve = size_t{1} << 20;

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

#if defined(_WIN32)
bool WorkerThread::begin() {
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::system_error&) {
        return false;
    }
    return true;
}

WorkerThread::~WorkerThread() {
    if (thread_.joinable()) thread_.join();
}
#else
bool has_reserve() {
    void* const reserve = mmap(nullptr, kReserve, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return reserve != MAP_FAILED && munmap(reserve, kReserve) == 0;
}

// The lowest page can't be touched: a stack that is too small ends the program instead of writing elsewhere.
bool WorkerThread::map_stack() {
    const size_t page = size_t(sysconf(_SC_PAGESIZE));
    stack_bytes_ = kStack + page;
    stack_ = mmap(nullptr, stack_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack_ == MAP_FAILED) stack_ = nullptr;
    return stack_ && mprotect(stack_, page, PROT_NONE) == 0 && has_reserve();
}

void* WorkerThread::enter(void* self) {
    static_cast<WorkerThread*>(self)->run();
    return nullptr;
}

bool WorkerThread::begin() {
    pthread_attr_t attributes;
    if (!map_stack() || pthread_attr_init(&attributes) != 0) return false;
    const size_t guard = stack_bytes_ - kStack;
    running_ = pthread_attr_setstack(&attributes, static_cast<char*>(stack_) + guard, kStack) == 0 &&
               pthread_create(&thread_, &attributes, enter, this) == 0;
    pthread_attr_destroy(&attributes);
    return running_;
}

WorkerThread::~WorkerThread() {
    if (running_) pthread_join(thread_, nullptr);
    if (stack_) munmap(stack_, stack_bytes_);
}
#endif

}  // namespace ubp
