#include "integer_layer_entry.h"

#include <algorithm>

#include "operator/integer_cores.h"
#include "operator/integers/layer_arrays.h"

namespace ubp::bench {
namespace {

LayerBytes bytes_of(const Case& one) {
    try {
        return LayerBytes(one.layer->view);
    } catch (const BadInput& error) {
        throw BadInput(place_of(one) + error.what());
    }
}

}  // namespace

IntegerCaseData::IntegerCaseData(const Case& one, const std::vector<float>& numbers)
    : bytes(bytes_of(one)), x(input_bytes(numbers)) {}

IntegerLayerEntry::IntegerLayerEntry(const Case& one, const IntegerCaseData& data, Kernel kernel, unsigned threads,
                                     PinnedPool& pool, const Options& options)
    : Entry(pool), view_(one.layer->view), data_(data), tensors_(data.bytes.tensors()) {
    pool.enter();  // the operator may choose by the core that it is made on
    std::string error;
    const bool by_channel = view_.groups > 1 && view_.in_channels == 1;
    if (by_channel) make_depthwise(one.shape, threads, error);
    else make_convolution(one.shape, kernel, threads, error);
    if (!error.empty()) throw BadInput(place_of(one) + "--kernel " + kernel_option(kernel) + ": " + error);
    y_.resize(size_t(one.shape.batch * view_.rows * one.shape.out_plane()));
    row_.kernel_asked = kernel_option(kernel);
    row_.threads = threads;
    if (by_channel) row_.operation = "depthwise";
    describe_run(one, info_, options, row_);
    row_.arithmetic = "int8";
    row_.notes = pool.notes();
}

void IntegerLayerEntry::make_convolution(const Shape& shape, Kernel kernel, unsigned threads, std::string& error) {
    ConvolutionOptions wanted;
    wanted.batch = shape.batch, wanted.height = shape.height, wanted.width = shape.width;
    wanted.threads = threads;
    wanted.kernel = kernel;
    wanted.dtype = DType::int8;
    wanted.integers = tensors_;
    convolution_ = Convolution::create(view_, wanted, error);
    if (convolution_) info_ = convolution_->info();
}

void IntegerLayerEntry::make_depthwise(const Shape& shape, unsigned threads, std::string& error) {
    const LayerArrays arrays(view_, tensors_, false);
    IntegerDepthwiseOptions wanted;
    wanted.threads = threads;
    wanted.zero_point = tensors_.x_zero_point;
    wanted.end = end_of(view_, tensors_, false);
    const Geometry geometry = geometry_of(view_, shape.batch, shape.height, shape.width);
    depthwise_ = IntegerDepthwise::create(arrays.view, geometry, wanted, error);
    if (!depthwise_) return;
    workspace_ = AlignedArray<char>(depthwise_->workspace_bytes());
    depthwise_->use_workspace(workspace_.data());
    info_.kernel = Kernel::dense, info_.kernel_name = "dense";
    info_.core_name = integer_kernels_for(Core::automatic).name;
    info_.workspace_bytes = int64_t(workspace_.size());
}

void IntegerLayerEntry::run_once(ThreadPool& pool) {
    if (depthwise_) depthwise_->run(data_.x.data(), y_.data(), pool);
    else convolution_->run(data_.x.data(), y_.data(), pool);
}

/// No byte is no number, so each becomes one that is wrong, where that is known.
void IntegerLayerEntry::spoil_output() {
    for (size_t i = 0; i < y_.size(); ++i) y_[i] = data_.expected ? uint8_t(~(*data_.expected)[i]) : uint8_t{0xa5};
}

/// The largest difference, in bytes.
std::optional<double> IntegerLayerEntry::error() const {
    if (!data_.expected) return std::nullopt;
    int largest = 0;
    for (size_t i = 0; i < y_.size(); ++i) largest = std::max(largest, std::abs(int{y_[i]} - (*data_.expected)[i]));
    return largest;
}

}  // namespace ubp::bench
