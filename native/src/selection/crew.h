// Threads of one selection: loops over independent items, handed out dynamically.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace ubp::selection {

// The calling thread works too, and never waits for a helper that has not begun: on a busy machine a loop costs at most
// what it costs alone.
class Crew {
public:
    explicit Crew(int threads);
    ~Crew();
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    // Calls body(item) for every item in [0, count). Items write only what is theirs, so that the result is the same
    // for any number of threads. One caller at a time; no nesting.
    template <typename Body>
    void for_each(int64_t count, Body body) {
        std::atomic<int64_t> next{0};
        auto work = [&] {
            for (int64_t item; (item = next.fetch_add(1, std::memory_order_relaxed)) < count;) body(item);
        };
        if (helpers_.empty() || count < 2) return work();
        open([](void* context) { (*static_cast<decltype(work)*>(context))(); }, &work);
        work();
        close();
    }

private:
    using Job = void (*)(void* context);
    void open(Job job, void* context);
    void close();
    void help();

    std::vector<std::thread> helpers_;
    std::mutex mutex_;
    std::condition_variable opened_, left_;
    Job job_ = nullptr;  // set while a loop may be joined
    void* context_ = nullptr;
    uint64_t round_ = 0;
    int inside_ = 0;
    bool stop_ = false;
};

}  // namespace ubp::selection
