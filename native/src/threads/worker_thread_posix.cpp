// Threads by pthread, on stacks that are mapped here.
#if !defined(_WIN32)
#include <sys/mman.h>
#include <unistd.h>

#include "threads/room.h"
#include "threads/worker_thread.h"

namespace ubp {
namespace {

// For what a new thread allocates: it may map pages for each piece.
constexpr size_t kReserve = size_t{1} << 20;

// macOS chooses between fast and frugal cores by a thread's quality of service: a worker gets its maker's, so that a
// run never waits for a thread that counts less than itself.
void take_quality([[maybe_unused]] pthread_attr_t& attributes) {
#if defined(__APPLE__)
    pthread_attr_set_qos_class_np(&attributes, qos_class_self(), 0);  // refuses "unspecified": the system's default
#endif
}

}  // namespace

bool has_room(size_t bytes) {
    void* const room = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return room != MAP_FAILED && munmap(room, bytes) == 0;
}

// The lowest page can't be touched: a stack that is too small ends the program instead of writing elsewhere.
bool WorkerThread::map_stack() {
    const size_t page = size_t(sysconf(_SC_PAGESIZE));
    stack_bytes_ = kStack + page;
    stack_ = mmap(nullptr, stack_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack_ == MAP_FAILED) stack_ = nullptr;
    return stack_ && mprotect(stack_, page, PROT_NONE) == 0 && has_room(kReserve);
}

void* WorkerThread::enter(void* self) {
    static_cast<WorkerThread*>(self)->run();
    return nullptr;
}

bool WorkerThread::begin() {
    pthread_attr_t attributes;
    if (!map_stack() || pthread_attr_init(&attributes) != 0) return false;
    const size_t guard = stack_bytes_ - kStack;
    take_quality(attributes);
    running_ = pthread_attr_setstack(&attributes, static_cast<char*>(stack_) + guard, kStack) == 0 &&
               pthread_create(&thread_, &attributes, enter, this) == 0;
    pthread_attr_destroy(&attributes);
    return running_;
}

WorkerThread::~WorkerThread() {
    if (running_) pthread_join(thread_, nullptr);
    if (stack_) munmap(stack_, stack_bytes_);
}

}  // namespace ubp
#endif
