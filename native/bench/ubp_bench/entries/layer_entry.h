// A layer of a file as an entry of the grid: an operator with its input and output.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "entry.h"
#include "../grid.h"
#include "reference.h"
#include "texts_of.h"
#include "ubp/convolution.h"

namespace ubp::bench {

/// Input of a case, and what its output should be where that is checked.
struct CaseData {
    std::vector<float> x;
    std::optional<Expected> expected;
    std::optional<int64_t> plain_loop_ns;  ///< no operator is slower than the plain loop
};

class LayerEntry : public Entry {
public:
    /// Prepares the operator; throws BadInput where the kernel can't run the layer.
    LayerEntry(const Case& one, const CaseData& data, Kernel kernel, unsigned threads, PinnedPool& pool,
               const Options& options);

private:
    void run_once(ThreadPool& pool) override;
    void spoil_output() override;
    std::string checksum() const override;
    std::optional<double> error() const override;
    double tolerance() const override {
        return half_ ? kHalfTolerance : row_.kernel == "winograd" ? kWinogradTolerance : kTolerance;
    }
    const std::vector<float>& output() const;  ///< in fp32

    const LayerView& view_;
    const CaseData& data_;
    std::unique_ptr<Convolution> operator_;
    bool half_;  ///< it runs in fp16, from and to copies of x and y
    std::vector<Half> half_x_, half_y_;
    mutable std::vector<float> y_;
};

/// Beside the figures of a file in fp16 that runs in fp32.
constexpr const char* kWidened = "fp16 file, fp32 arithmetic: this machine has no arithmetic of fp16";

/// Fields of a row that say what a layer is, whatever runs it.
void describe_layer(const FileLayer& layer, Row& row);

/// The same of a layer that runs alone, and what runs it on which image.
void describe_run(const Case& one, const ConvolutionInfo& info, const Options& options, Row& row);

/// File and layer, for what is wrong with it.
std::string place_of(const Case& one);

}  // namespace ubp::bench
