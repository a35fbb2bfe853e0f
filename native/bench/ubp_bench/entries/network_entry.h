// A whole network as an entry of the grid.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "entry.h"
#include "mapped_file.h"
#include "../options.h"
#include "plain_network.h"
#include "ubp/network.h"

namespace ubp::bench {

/// Inputs of a network, one behind the other, and what its outputs should be where that is checked.
struct NetworkData {
    std::vector<float> inputs;
    std::optional<Doubles> expected;
    std::optional<int64_t> plain_loop_ns;
};

class NetworkEntry : public Entry {
public:
    /// Prepares the network; throws BadInput where the kernel can't run it.
    NetworkEntry(const MappedFile& file, const NetworkData& data, Kernel kernel, unsigned threads, PinnedPool& pool,
                 const Options& options);

    /// Runs every step `runs` times in the order of a run; a row for each, with its share of the time of all.
    std::vector<Row> profile(int64_t runs);

private:
    void prepare_run() override;
    void run_once(ThreadPool& pool) override { network_->run(pool); }
    void spoil_output() override;
    std::string checksum() const override;
    std::optional<double> error() const override;
    double tolerance() const override {
        return row_.arithmetic == "fp32" ? kNetworkTolerance : kNarrowNetworkTolerance;
    }
    void describe(const Options& options);
    void describe_kernels();
    Row step_row(size_t index) const;
    std::vector<float> outputs() const;

    const MappedFile& file_;
    const NetworkData& data_;
    std::unique_ptr<Network> network_;
    bool half_ = false;  ///< any of it is computed in fp16
};

}  // namespace ubp::bench
