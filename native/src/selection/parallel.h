// A loop over independent items, handed out dynamically to a few threads.
#pragma once
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace ubp::selection {

// Calls body(item) for every item in [0, count). Items write only what is theirs, so the result is the same for any
// number of threads. The calling thread takes part.
template <typename Body>
void for_each_item(int64_t count, int threads, Body body) {
    std::atomic<int64_t> next{0};
    auto work = [&] {
        for (int64_t item; (item = next.fetch_add(1, std::memory_order_relaxed)) < count;) body(item);
    };
    const int64_t helpers = std::min<int64_t>(threads, count) - 1;
    std::vector<std::thread> pool;
    for (int64_t i = 0; i < helpers; ++i) pool.emplace_back(work);
    work();
    for (auto& thread : pool) thread.join();
}

}  // namespace ubp::selection
