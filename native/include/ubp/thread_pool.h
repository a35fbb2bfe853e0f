// A few threads that wait parked between calls. Starts and joins threads; knows nothing of what they compute.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace ubp {

class WorkerThread;

class ThreadPool {
public:
    // `threads` >= 1 counts the calling thread, which works too. Where the system starts fewer, the pool keeps those:
    // size() tells. `on_start(index)` runs once on every worker (index 1..threads-1), before anything else: the place
    // to set an affinity.
    explicit ThreadPool(unsigned threads, std::function<void(unsigned)> on_start = {});
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    unsigned size() const { return unsigned(workers_.size()) + 1; }

    // Both kinds of work: one caller at a time, no nesting.
    using Job = void (*)(void* context, unsigned thread);
    // Calls job(context, t) for every t < min(threads, size()), each on a thread of its own; returns when all have
    // returned. Allocates nothing. The job must not throw.
    void run(unsigned threads, Job job, void* context);

    // Calls body(item) for every item below `count`, handed out one by one. Who has not begun when the last item is
    // taken is not waited for: on a busy machine a loop costs at most what it costs the caller alone. Items write only
    // what is theirs, so that the result is the same for any number of threads. What a body throws, on any thread, ends
    // the loop and is thrown here.
    template <class Body>
    void for_each(int64_t count, const Body& body);

private:
    enum class Wait { for_all, for_begun };

    void begin(unsigned threads, Wait wait, Job job, void* context);
    void end();
    void work(unsigned index);

    std::vector<std::unique_ptr<WorkerThread>> workers_;
    std::function<void(unsigned)> on_start_;
    std::mutex mutex_;
    std::condition_variable begin_, end_;
    Job job_ = nullptr;
    void* context_ = nullptr;
    Wait wait_ = Wait::for_all;
    unsigned wanted_ = 0;   // workers below this index may take part in the round
    unsigned running_ = 0;  // workers that the caller has to wait for
    uint64_t round_ = 0;
    bool stop_ = false;
};

template <class Body>
void ThreadPool::for_each(int64_t count, const Body& body) {
    if (workers_.empty() || count < 2) {
        for (int64_t item = 0; item < count; ++item) body(item);
        return;
    }
    struct Loop {
        const Body& body;
        const int64_t count;
        std::atomic<int64_t> next{0};
        std::atomic<bool> failed{false};
        std::exception_ptr failure{};
    } loop{body, count};
    const auto work = [](void* context, unsigned) {
        Loop& shared = *static_cast<Loop*>(context);
        try {
            for (int64_t item; (item = shared.next.fetch_add(1, std::memory_order_relaxed)) < shared.count;)
                shared.body(item);
        } catch (...) {
            shared.next.store(shared.count, std::memory_order_relaxed);
            if (!shared.failed.exchange(true)) shared.failure = std::current_exception();
        }
    };
    begin(size(), Wait::for_begun, work, &loop);
    work(&loop, 0);
    end();
    if (loop.failure) std::rethrow_exception(loop.failure);
}

}  // namespace ubp
