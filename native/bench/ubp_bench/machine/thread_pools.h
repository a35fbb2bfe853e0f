// The threads that runs are done on: one pool per number of threads, each thread put on its CPUs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ubp/thread_pool.h"

namespace ubp::bench {

class PinnedPool {
public:
    /// @param cpus  empty: no affinity
    PinnedPool(const std::vector<int>& cpus, unsigned threads);

    /// Puts the calling thread, which is thread 0 of the pool, on its CPUs, and returns the pool.
    ThreadPool& enter();

    /// What the system refused, each line once.
    const std::vector<std::string>& notes() const { return notes_; }

private:
    std::vector<int> cpus_;
    unsigned threads_;
    std::vector<std::string> notes_;
    std::unique_ptr<ThreadPool> pool_;
};

class ThreadPools {
public:
    explicit ThreadPools(std::vector<int> cpus) : cpus_(std::move(cpus)) {}

    PinnedPool& with(unsigned threads);

private:
    std::vector<int> cpus_;
    std::map<unsigned, std::unique_ptr<PinnedPool>> pools_;
};

}  // namespace ubp::bench
