// A layer of int8 as an entry of the grid: its bytes mean what layer_bytes.h says, and are checked bit for bit.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "../layer_entry.h"
#include "layer_bytes.h"
#include "operator/integers/depthwise.h"

namespace ubp::bench {

/// Input of a case of int8, and what its output should be where that is checked.
struct IntegerCaseData {
    LayerBytes bytes;
    std::vector<uint8_t> x;
    std::optional<std::vector<uint8_t>> expected;

    /// Throws BadInput where the layer's scales lie too far apart.
    IntegerCaseData(const Case& one, const std::vector<float>& numbers);
};

class IntegerLayerEntry : public Entry {
public:
    /// Prepares the operator; throws BadInput where the kernel can't run the layer.
    IntegerLayerEntry(const Case& one, const IntegerCaseData& data, Kernel kernel, unsigned threads, PinnedPool& pool,
                      const Options& options);

private:
    void make_convolution(const Shape& shape, Kernel kernel, unsigned threads, std::string& error);
    void make_depthwise(const Shape& shape, unsigned threads, std::string& error);
    void run_once(ThreadPool& pool) override;
    void spoil_output() override;
    std::string checksum() const override { return checksum_of(y_.data(), y_.size()); }
    std::optional<double> error() const override;
    double tolerance() const override { return 0; }

    const LayerView& view_;
    const IntegerCaseData& data_;
    const IntegerTensors tensors_;
    ConvolutionInfo info_;
    std::unique_ptr<Convolution> convolution_;
    std::unique_ptr<IntegerDepthwise> depthwise_;  ///< one of the two
    AlignedArray<char> workspace_;                 ///< of depthwise
    std::vector<uint8_t> y_;
};

}  // namespace ubp::bench
