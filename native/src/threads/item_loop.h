// Work shared out among threads: every thread takes the next item until none is left.
#pragma once

#include <atomic>
#include <cstddef>

#include "ubp/thread_pool.h"

namespace ubp {

// Calls body(item, thread) for every item below `items`, on at most `threads` threads of the pool. Allocates nothing.
template <class Body>
void for_each_item(ThreadPool& pool, unsigned threads, int64_t items, const Body& body) {
    struct Loop {
        const Body& body;
        int64_t items;
        std::atomic<int64_t> next{0};
    } loop{body, items};
    const auto work = [](void* context, unsigned thread) {
        Loop& shared = *static_cast<Loop*>(context);
        for (;;) {
            const int64_t item = shared.next.fetch_add(1, std::memory_order_relaxed);
            if (item >= shared.items) return;
            shared.body(item, thread);
        }
    };
    pool.run(items < int64_t(threads) ? unsigned(items) : threads, work, &loop);
}

}  // namespace ubp
