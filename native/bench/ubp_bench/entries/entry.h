// One entry of the grid: something with its input and output, ready to be run again and again.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../output/row.h"
#include "../machine/thread_pools.h"

namespace ubp::bench {

class Entry {
public:
    virtual ~Entry() = default;

    /// Runs once and returns the nanoseconds.
    int64_t run();

    /// Runs once between marks.
    void run_marked(int64_t entry);

    /// Runs into an output full of NaN, keeps its checksum, and compares with what is expected, if anything is.
    void check();

    Row& row() { return row_; }

    /// Completes the row: figures of the samples, memory, and whether the last output is still the first one.
    void finish();

protected:
    explicit Entry(PinnedPool& pool) : pool_(pool) {}

    /// Before every run, outside of its time.
    virtual void prepare_run() {}
    virtual void run_once(ThreadPool& pool) = 0;
    /// Fills the output with NaN.
    virtual void spoil_output() = 0;
    virtual std::string checksum() const = 0;
    /// Of the output, where something is expected; above the tolerance it differs.
    virtual std::optional<double> error() const = 0;
    virtual double tolerance() const = 0;

    PinnedPool& pool_;
    Row row_;
};

using Entries = std::vector<std::unique_ptr<Entry>>;

}  // namespace ubp::bench
