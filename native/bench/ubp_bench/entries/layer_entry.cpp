#include "layer_entry.h"

#include <algorithm>
#include <limits>

#include "../machine/affinity.h"
#include "file/format.h"
#include "operator/cores.h"

namespace ubp::bench {
namespace {

/// Of a sparse layer, with places of a block that have no column.
int64_t walked_weights(const LayerView& v) { return int64_t{v.block_count} * v.block_size * v.block_columns; }

/// Bytes of a layer's arrays in the file.
int64_t packed_bytes(const LayerView& v) {
    const int64_t starts = int64_t{v.start_rows()}, each_row = v.dtype == DType::int8 ? 8 : 4;  // bias, and scale
    const int64_t weights = v.block_size ? walked_weights(v) : int64_t(v.dense_count());
    return int64_t(element_bytes(v.dtype)) * weights + each_row * v.rows + (v.block_columns > 1 ? 2 * v.columns : 0) +
           (v.block_size ? 2 * (int64_t{v.block_count} + file::kColumnsBehind) + 4 * (starts + 1) : 0);
}

const char* const kActivations[] = {"none", "relu", "relu6", "hard_swish", "hard_sigmoid", "silu", "sigmoid"};

}  // namespace

LayerEntry::LayerEntry(const Case& one, const CaseData& data, Kernel kernel, unsigned threads, PinnedPool& pool,
                       const Options& options)
    : Entry(pool), view_(one.layer->view), data_(data), half_(view_.dtype == DType::fp16 && has_half_arithmetic()) {
    ConvolutionOptions wanted;
    wanted.batch = one.shape.batch;
    wanted.height = one.shape.height;
    wanted.width = one.shape.width;
    wanted.threads = threads;
    wanted.kernel = kernel;
    wanted.dtype = half_ ? DType::fp16 : DType::fp32;
    wanted.winograd = options.winograd;
    pool.enter();  // the operator may choose by the core that it is made on
    std::string error;
    operator_ = Convolution::create(view_, wanted, error);
    if (!operator_) throw BadInput(place_of(one) + "--kernel " + kernel_option(kernel) + ": " + error);
    y_.resize(size_t(one.shape.batch * view_.rows * one.shape.out_plane()));
    if (half_) half_x_.assign(data.x.begin(), data.x.end()), half_y_.resize(y_.size());
    row_.kernel_asked = kernel_option(kernel);
    row_.threads = threads;
    describe_run(one, operator_->info(), options, row_);
    row_.arithmetic = half_ ? "fp16" : "fp32";
    row_.notes = pool.notes();
    if (view_.dtype == DType::fp16 && !half_) row_.notes.push_back(kWidened);
}

void describe_layer(const FileLayer& layer, Row& row) {
    const LayerView& v = layer.view;
    const int64_t all = int64_t{v.rows} * v.columns;
    row.method = layer.method, row.criterion = layer.criterion;
    row.rows = v.rows, row.columns = v.columns, row.block_size = v.block_size, row.blocks = v.block_count;
    row.aligned = layer.aligned;
    row.weight_shape = shape_text(v.rows, v.in_channels, v.kernel_h, v.kernel_w);
    row.stride = pair_text(v.stride_h, v.stride_w);
    row.padding = pair_text(v.pad_h, v.pad_w);
    row.dilation = pair_text(v.dilation_h, v.dilation_w);
    row.activation = kActivations[uint32_t(v.activation)];
    row.sparsity = 1.0 - double(kept_weights(v)) / double(all);
    row.packed_bytes = packed_bytes(v);
    row.dtype = file::dtype_name(v.dtype);
}

void describe_run(const Case& one, const ConvolutionInfo& info, const Options& options, Row& row) {
    const FileLayer& layer = *one.layer;
    const LayerView& v = layer.view;
    const Shape& s = one.shape;
    row.file = one.file->path();
    row.model = one.file->contents().model();
    row.layer = layer.name;
    describe_layer(layer, row);
    row.input_shape = shape_text(s.batch, input_channels(v), s.height, s.width);
    row.output_shape = shape_text(s.batch, v.rows, s.out_height, s.out_width);
    row.batch = s.batch;
    row.seed = int64_t(options.seed);
    row.cpus = format_cpus(options.cpus);
    row.kernel = info.kernel_name, row.core = info.core_name;
    const int64_t positions = s.batch * s.out_plane();
    row.dense_multiply_adds = int64_t{v.rows} * v.columns * positions;
    row.multiply_adds = info.kernel == Kernel::dense ? row.dense_multiply_adds : walked_weights(v) * positions;
    row.workspace_bytes = info.workspace_bytes;
    row.dense_ns = info.dense_ns, row.sparse_ns = info.sparse_ns;
}

std::string place_of(const Case& one) { return one.file->path() + ": " + std::string(one.layer->name) + ": "; }

void LayerEntry::run_once(ThreadPool& pool) {
    if (half_) operator_->run(half_x_.data(), half_y_.data(), pool);
    else operator_->run(data_.x.data(), y_.data(), pool);
}

void LayerEntry::spoil_output() {
    std::fill(y_.begin(), y_.end(), std::numeric_limits<float>::quiet_NaN());
    std::fill(half_y_.begin(), half_y_.end(), Half(std::numeric_limits<float>::quiet_NaN()));
}

const std::vector<float>& LayerEntry::output() const {
    if (half_) y_.assign(half_y_.begin(), half_y_.end());
    return y_;
}

std::string LayerEntry::checksum() const { return checksum_of(output().data(), y_.size()); }

std::optional<double> LayerEntry::error() const {
    if (!data_.expected) return std::nullopt;
    return largest_error(*data_.expected, output());
}

}  // namespace ubp::bench
