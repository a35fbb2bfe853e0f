// One entry of the grid: an operator with its input and output, ready to be run again and again.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "grid.h"
#include "row.h"
#include "thread_pools.h"
#include "ubp/convolution.h"

namespace ubp::bench {

/// Input of a case, and what its output should be where that is checked.
struct CaseData {
    std::vector<float> x;
    std::optional<Expected> expected;
    std::optional<int64_t> plain_loop_ns;  ///< no operator is slower than the plain loop
};

class Entry {
public:
    /// Prepares the operator; throws BadInput where the kernel can't run the layer.
    Entry(const Case& one, const CaseData& data, Kernel kernel, unsigned threads, PinnedPool& pool,
          const Options& options);

    /// Runs once and returns the nanoseconds.
    int64_t run();

    /// Runs once between marks.
    void run_marked(int64_t entry);

    /// Runs into an output full of NaN, keeps its checksum, and compares with what is expected, if anything is.
    void check();

    Row& row() { return row_; }

    /// Completes the row: figures of the samples, memory, and whether the last output is still the first one.
    void finish();

private:
    void describe(const Case& one, const Options& options);

    const LayerView& view_;
    const CaseData& data_;
    PinnedPool& pool_;
    std::unique_ptr<Convolution> operator_;
    std::vector<float> y_;
    Row row_;
};

}  // namespace ubp::bench
