#include "ubp/thread_pool.h"

#include <algorithm>

namespace ubp {

ThreadPool::ThreadPool(unsigned threads, std::function<void(unsigned)> on_start) : on_start_(std::move(on_start)) {
    workers_.reserve(threads);
    try {
        for (unsigned index = 1; index < threads; ++index) workers_.emplace_back([this, index] { work(index); });
    } catch (const std::exception&) {  // the system has no more threads, or no memory for one: fewer do as well
    }
}

ThreadPool::~ThreadPool() {
    {
        std::lock_guard<std::mutex> lock(mutex_);
        stop_ = true;
    }
    begin_.notify_all();
    for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(unsigned threads, Job job, void* context) {
    threads = std::min(threads, size());
    if (threads > 1) begin(threads, Wait::for_all, job, context);
    job(context, 0);
    if (threads > 1) end();
}

void ThreadPool::begin(unsigned threads, Wait wait, Job job, void* context) {
    {
        std::lock_guard<std::mutex> lock(mutex_);
        job_ = job;
        context_ = context;
        wait_ = wait;
        wanted_ = threads;
        running_ = wait == Wait::for_all ? threads - 1 : 0;
        ++round_;
    }
    begin_.notify_all();
}

void ThreadPool::end() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (wait_ == Wait::for_begun) wanted_ = 0;
    end_.wait(lock, [this] { return running_ == 0; });
}

void ThreadPool::work(unsigned index) {
    if (on_start_) on_start_(index);
    uint64_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
        begin_.wait(lock, [&] { return stop_ || (round_ != seen && index < wanted_); });
        if (stop_) return;
        seen = round_;
        if (wait_ == Wait::for_begun) ++running_;
        const Job job = job_;
        void* const context = context_;
        lock.unlock();
        job(context, index);
        lock.lock();
        if (--running_ == 0) end_.notify_one();
    }
}

}  // namespace ubp
