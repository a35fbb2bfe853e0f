#include "ubp/thread_pool.h"

#include <algorithm>

namespace ubp {

ThreadPool::ThreadPool(unsigned threads, std::function<void(unsigned)> on_start) : on_start_(std::move(on_start)) {
    try {
        for (unsigned index = 1; index < threads; ++index) workers_.emplace_back([this, index] { work(index); });
    } catch (...) {  // the system gave no more threads: end those that run
        stop();
        throw;
    }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
    {
        std::lock_guard<std::mutex> lock(mutex_);
        stop_ = true;
    }
    begin_.notify_all();
    for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(unsigned threads, Job job, void* context) {
    threads = std::min(threads, size());
    if (threads > 1) {
        std::lock_guard<std::mutex> lock(mutex_);
        job_ = job;
        context_ = context;
        wanted_ = threads;
        running_ = threads - 1;
        ++round_;
    }
    if (threads > 1) begin_.notify_all();
    job(context, 0);
    if (threads > 1) {
        std::unique_lock<std::mutex> lock(mutex_);
        end_.wait(lock, [this] { return running_ == 0; });
    }
}

void ThreadPool::work(unsigned index) {
    if (on_start_) on_start_(index);
    uint64_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
        begin_.wait(lock, [&] { return stop_ || (round_ != seen && index < wanted_); });
        if (stop_) return;
        seen = round_;
        const Job job = job_;
        void* const context = context_;
        lock.unlock();
        job(context, index);
        lock.lock();
        if (--running_ == 0) end_.notify_one();
    }
}

}  // namespace ubp
