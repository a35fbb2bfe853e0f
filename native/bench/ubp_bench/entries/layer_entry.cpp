#include "layer_entry.h"

#include <algorithm>
#include <limits>

#include "../machine/affinity.h"
#include "file/format.h"
#include "texts_of.h"

namespace ubp::bench {
namespace {

/// Bytes of a layer's arrays in the file.
int64_t packed_bytes(const LayerView& v) {
    const int64_t kept = v.block_size ? int64_t{v.block_count} * v.block_size : int64_t(v.dense_count());
    const int64_t starts = v.block_size && v.rows >= v.block_size ? int64_t{v.rows} - v.block_size + 1 : 0;
    return 4 * (kept + v.rows) +
           (v.block_size ? 2 * (int64_t{v.block_count} + file::kColumnsBehind) + 4 * (starts + 1) : 0);
}

const char* const kActivations[] = {"none", "relu", "relu6", "hard_swish", "hard_sigmoid", "silu", "sigmoid"};

}  // namespace

LayerEntry::LayerEntry(const Case& one, const CaseData& data, Kernel kernel, unsigned threads, PinnedPool& pool,
                       const Options& options)
    : Entry(pool), view_(one.layer->view), data_(data) {
    ConvolutionOptions wanted;
    wanted.batch = one.shape.batch;
    wanted.height = one.shape.height;
    wanted.width = one.shape.width;
    wanted.threads = threads;
    wanted.kernel = kernel;
    wanted.winograd = options.winograd;
    pool.enter();  // the operator may choose by the core that it is made on
    std::string error;
    operator_ = Convolution::create(view_, wanted, error);
    if (!operator_)
        throw BadInput(one.file->path() + ": " + std::string(one.layer->name) + ": --kernel " + kernel_option(kernel) +
                       ": " + error);
    y_.resize(size_t(one.shape.batch * view_.rows * one.shape.out_plane()));
    row_.kernel_asked = kernel_option(kernel);
    row_.threads = threads;
    describe(one, options);
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
    row.sparsity = v.block_size ? 1.0 - double(v.block_count) * v.block_size / double(all) : 0.0;
    row.packed_bytes = packed_bytes(v);
}

void LayerEntry::describe(const Case& one, const Options& options) {
    const FileLayer& layer = *one.layer;
    const Shape& s = one.shape;
    row_.file = one.file->path();
    row_.model = one.file->contents().model();
    row_.layer = layer.name;
    describe_layer(layer, row_);
    row_.input_shape = shape_text(s.batch, view_.in_channels, s.height, s.width);
    row_.output_shape = shape_text(s.batch, view_.rows, s.out_height, s.out_width);
    row_.batch = s.batch;
    row_.seed = int64_t(options.seed);
    row_.cpus = format_cpus(options.cpus);
    const ConvolutionInfo info = operator_->info();
    const int64_t all = int64_t{view_.rows} * view_.columns;
    const int64_t kept = view_.block_size ? int64_t{view_.block_count} * view_.block_size : all;
    row_.kernel = info.kernel_name, row_.core = info.core_name;
    row_.dense_multiply_adds = all * s.batch * s.out_plane();
    row_.multiply_adds = info.kernel == Kernel::dense ? row_.dense_multiply_adds : kept * s.batch * s.out_plane();
    row_.workspace_bytes = info.workspace_bytes;
    row_.dense_ns = info.dense_ns, row_.sparse_ns = info.sparse_ns;
    row_.notes = pool_.notes();
}

void LayerEntry::run_once(ThreadPool& pool) { operator_->run(data_.x.data(), y_.data(), pool); }

void LayerEntry::spoil_output() { std::fill(y_.begin(), y_.end(), std::numeric_limits<float>::quiet_NaN()); }

std::string LayerEntry::checksum() const { return checksum_of(y_.data(), y_.size()); }

std::optional<double> LayerEntry::error() const {
    if (!data_.expected) return std::nullopt;
    return largest_error(*data_.expected, y_);
}

}  // namespace ubp::bench
