// A few threads that wait parked between calls. Starts and joins threads; knows nothing of what they compute.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace ubp {

class ThreadPool {
   public:
    // `threads` >= 1 counts the calling thread, which works too. `on_start(index)` runs once on every worker (index
    // 1..threads-1), before anything else: the place to set an affinity.
    explicit ThreadPool(unsigned threads, std::function<void(unsigned)> on_start = {});
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    unsigned size() const { return unsigned(workers_.size()) + 1; }

    using Job = void (*)(void* context, unsigned thread);
    // Calls job(context, t) for every t < min(threads, size()), each on a thread of its own; returns when all have
    // returned. Allocates nothing. One caller at a time.
    void run(unsigned threads, Job job, void* context);

   private:
    void work(unsigned index);
    void stop();

    std::vector<std::thread> workers_;
    std::function<void(unsigned)> on_start_;
    std::mutex mutex_;
    std::condition_variable begin_, end_;
    Job job_ = nullptr;
    void* context_ = nullptr;
    unsigned wanted_ = 0, running_ = 0;
    uint64_t round_ = 0;
    bool stop_ = false;
};

}  // namespace ubp
