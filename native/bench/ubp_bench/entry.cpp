#include "entry.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <limits>

#include "affinity.h"
#include "clock.h"
#include "count_marks.h"
#include "file/crc32.h"

namespace ubp::bench {
namespace {

// Halves of the samples whose medians differ by more are flagged; fewer samples say nothing about that.
constexpr double kSteadyShare = 0.05;
constexpr size_t kFewestSamples = 10;

std::string pair_text(int64_t down, int64_t across) { return std::to_string(down) + "x" + std::to_string(across); }

std::string shape_text(int64_t batch, int64_t channels, int64_t height, int64_t width) {
    return std::to_string(batch) + "x" + std::to_string(channels) + "x" + pair_text(height, width);
}

int64_t peak_memory_kb() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/// Bytes of a layer's arrays in the file.
int64_t packed_bytes(const LayerView& v) {
    const int64_t kept = v.block_size ? int64_t{v.block_count} * v.block_size : int64_t(v.dense_count());
    const int64_t starts = v.block_size && v.rows >= v.block_size ? int64_t{v.rows} - v.block_size + 1 : 0;
    return 4 * (kept + v.rows) + (v.block_size ? 2 * int64_t{v.block_count} + 4 * (starts + 1) : 0);
}

std::string checksum(const std::vector<float>& y) {
    char text[16];
    const uint32_t value = file::crc32(reinterpret_cast<const uint8_t*>(y.data()), y.size() * sizeof(float));
    std::snprintf(text, sizeof text, "%08x", value);
    return text;
}

const char* const kActivations[] = {"none", "relu", "relu6", "hard_swish", "hard_sigmoid", "silu", "sigmoid"};

}  // namespace

Entry::Entry(const Case& one, const CaseData& data, Kernel kernel, unsigned threads, PinnedPool& pool,
             const Options& options)
    : view_(one.layer->view), data_(data), pool_(pool) {
    ConvolutionOptions wanted;
    wanted.batch = one.shape.batch;
    wanted.height = one.shape.height;
    wanted.width = one.shape.width;
    wanted.threads = threads;
    wanted.kernel = kernel;
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

void Entry::describe(const Case& one, const Options& options) {
    const FileLayer& layer = *one.layer;
    const Shape& s = one.shape;
    row_.file = one.file->path();
    row_.model = one.file->contents().model();
    row_.layer = layer.name, row_.method = layer.method, row_.criterion = layer.criterion;
    row_.rows = view_.rows, row_.columns = view_.columns, row_.block_size = view_.block_size,
    row_.blocks = view_.block_count;
    row_.aligned = layer.aligned;
    row_.weight_shape = shape_text(view_.rows, view_.in_channels, view_.kernel_h, view_.kernel_w);
    row_.input_shape = shape_text(s.batch, view_.in_channels, s.height, s.width);
    row_.output_shape = shape_text(s.batch, view_.rows, s.out_height, s.out_width);
    row_.stride = pair_text(view_.stride_h, view_.stride_w);
    row_.padding = pair_text(view_.pad_h, view_.pad_w);
    row_.dilation = pair_text(view_.dilation_h, view_.dilation_w);
    row_.activation = kActivations[uint32_t(view_.activation)];
    row_.batch = s.batch;
    row_.seed = int64_t(options.seed);
    row_.cpus = format_cpus(options.cpus);
    const ConvolutionInfo info = operator_->info();
    const int64_t all = int64_t{view_.rows} * view_.columns;
    const int64_t kept = view_.block_size ? int64_t{view_.block_count} * view_.block_size : all;
    row_.kernel = info.kernel_name, row_.core = info.core_name;
    row_.sparsity = 1.0 - double(kept) / double(all);
    row_.dense_multiply_adds = all * s.batch * s.out_plane();
    row_.multiply_adds = info.kernel == Kernel::dense ? row_.dense_multiply_adds : kept * s.batch * s.out_plane();
    row_.workspace_bytes = info.workspace_bytes;
    row_.packed_bytes = packed_bytes(view_);
    row_.dense_ns = info.dense_ns, row_.sparse_ns = info.sparse_ns;
    row_.notes = pool_.notes();
}

int64_t Entry::run() {
    ThreadPool& pool = pool_.enter();
    const int64_t begin = now_ns();
    operator_->run(data_.x.data(), y_.data(), pool);
    return std::max<int64_t>(now_ns() - begin, 1);  // a coarse clock may see no time pass
}

void Entry::run_marked(int64_t entry) {
    ThreadPool& pool = pool_.enter();
    mark(kBegin, entry);
    operator_->run(data_.x.data(), y_.data(), pool);
    mark(kEnd, entry);
}

void Entry::check() {
    std::fill(y_.begin(), y_.end(), std::numeric_limits<float>::quiet_NaN());
    run();
    row_.checksum = checksum(y_);
    if (!data_.expected) return;
    row_.error = largest_error(*data_.expected, y_);
    row_.differs = !(*row_.error <= kTolerance);
}

void Entry::finish() {
    row_.ns = summarise(row_.samples_ns);
    if (checksum(y_) != row_.checksum) {
        row_.differs = true;
        row_.notes.push_back("output changed between runs");
    }
    row_.peak_memory_kb = peak_memory_kb();
    const std::string moved = what_moved(row_.before, row_.after);
    const bool steady = row_.samples_ns.size() < kFewestSamples || is_steady(row_.samples_ns, kSteadyShare);
    row_.moved = !moved.empty() || !steady;
    if (!moved.empty()) row_.notes.push_back(moved);
    if (!steady) row_.notes.push_back("times drifted");
}

}  // namespace ubp::bench
