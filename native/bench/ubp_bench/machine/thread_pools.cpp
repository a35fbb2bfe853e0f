#include "thread_pools.h"

#include <algorithm>

#include "affinity.h"

namespace ubp::bench {

PinnedPool::PinnedPool(const std::vector<int>& cpus, unsigned threads) : cpus_(cpus), threads_(threads) {
    std::vector<std::string> refusals(threads);
    const auto pin = [&](unsigned index) {
        prefer_fast_cores();
        if (!cpus_.empty()) refusals[index] = pin_thread(cpus_of_thread(cpus_, index, threads_));
    };
    pool_ = std::make_unique<ThreadPool>(threads, pin);
    pool_->run(threads, [](void*, unsigned) {}, nullptr);  // returns when every worker has started, and so is pinned
    pin(0);
    for (const std::string& refusal : refusals)
        if (!refusal.empty() && std::find(notes_.begin(), notes_.end(), refusal) == notes_.end())
            notes_.push_back(refusal);
}

ThreadPool& PinnedPool::enter() {
    if (!cpus_.empty()) pin_thread(cpus_of_thread(cpus_, 0, threads_));
    return *pool_;
}

PinnedPool& ThreadPools::with(unsigned threads) {
    auto& pool = pools_[threads];
    if (!pool) pool = std::make_unique<PinnedPool>(cpus_, threads);
    return *pool;
}

}  // namespace ubp::bench
