#include "ubp/thread_pool.h"

#include <algorithm>

#include "threads/worker_thread.h"

namespace ubp {

ThreadPool::ThreadPool(unsigned threads, std::function<void(unsigned)> on_start) : on_start_(std::move(on_start)) {
    try {
        workers_.reserve(threads);
        for (unsigned index = 1; index < threads; ++index) {
            auto worker = WorkerThread::start([this, index] { work(index); });
            if (!worker) return;  // the system has no more threads, or no memory for one: fewer do as well
            workers_.push_back(std::move(worker));
        }
    } catch (const std::exception&) {  // no memory for the list or for a worker's state: the same
    }
}

ThreadPool::~ThreadPool() {
    {
        std::lock_guard<std::mutex> lock(mutex_);
        stop_ = true;
    }
    begin_.notify_all();
    workers_.clear();
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
