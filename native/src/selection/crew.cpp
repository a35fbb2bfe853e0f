#include "selection/crew.h"

namespace ubp::selection {

Crew::Crew(int threads) {
    for (int i = 1; i < threads; ++i) helpers_.emplace_back([this] { help(); });
}

Crew::~Crew() {
    {
        std::lock_guard<std::mutex> lock(mutex_);
        stop_ = true;
    }
    opened_.notify_all();
    for (auto& helper : helpers_) helper.join();
}

void Crew::open(Job job, void* context) {
    {
        std::lock_guard<std::mutex> lock(mutex_);
        job_ = job;
        context_ = context;
        ++round_;
    }
    opened_.notify_all();
}

void Crew::close() {
    std::unique_lock<std::mutex> lock(mutex_);
    job_ = nullptr;
    left_.wait(lock, [this] { return inside_ == 0; });
}

void Crew::help() {
    uint64_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
        opened_.wait(lock, [&] { return stop_ || (job_ != nullptr && round_ != seen); });
        if (stop_) return;
        seen = round_;
        ++inside_;
        const Job job = job_;
        void* const context = context_;
        lock.unlock();
        job(context);
        lock.lock();
        if (--inside_ == 0) left_.notify_one();
    }
}

}  // namespace ubp::selection
