#include "ubp/convolution.h"

#include <vector>

#include "operator/break_even.h"
#include "operator/convolution_state.h"
#include "operator/cores.h"
#include "operator/integers/integer_state.h"

namespace ubp {
namespace {

constexpr int64_t largest_array = int64_t{1} << 31;  // floats: offsets inside an image are 32 bits

std::string check(const LayerView& layer, const ConvolutionOptions& o, const Geometry& g) {
    if (o.batch < 1 || o.height < 1 || o.width < 1) return "batch, height and width must be at least 1";
    if (o.threads < 1 || o.threads > 64) return "threads must be 1..64";
    if (layer.rows < 1 || layer.columns < 1 || layer.columns > 65536)
        return "rows or columns of the layer out of range";
    const uint32_t n = layer.block_size;
    if (n != 0 && n != 1 && n != 2 && n != 4 && n != 8 && n != 16) return "block size must be 1, 2, 4, 8 or 16";
    if (uint64_t{layer.in_channels} * layer.kernel_h * layer.kernel_w != layer.columns) {
        return "columns must be input channels times kernel height times kernel width";
    }
    if (layer.groups != 1) return "this operator runs layers with one group";
    if (layer.stride_h < 1 || layer.stride_w < 1 || layer.dilation_h < 1 || layer.dilation_w < 1) {
        return "stride and dilation must be at least 1";
    }
    if (g.out_h < 1 || g.out_w < 1) return "the image is smaller than the kernel";
    const double inputs = double(o.batch) * double(layer.in_channels) * double(o.height) * double(o.width);
    const double outputs = double(o.batch) * double(layer.rows) * double(g.out_h) * double(g.out_w);
    if (inputs >= double(largest_array) || outputs >= double(largest_array))
        return "input or output of 2^31 values or more";
    if (o.kernel == Kernel::abp && n != 0 && !has_aligned_blocks(layer))
        return "abp asked for, but blocks are not aligned";
    if ((o.kernel == Kernel::abp || o.kernel == Kernel::ubp) && n == 0)
        return "abp or ubp asked for, but the layer is dense";
    if ((o.dtype == DType::int8) != (layer.dtype == DType::int8)) return "int8 needs inputs and weights of int8";
    if (o.dtype == DType::fp16 && !runs_half_kernels()) return "this machine has no fp16 arithmetic";
    return "";
}

// fp16 arithmetic needs fp16 on all sides, and so does int8.
std::unique_ptr<Convolution::State> make_state(const LayerView& layer, const ConvolutionOptions& o) {
    if (o.dtype == DType::int8) return std::make_unique<IntegerState>();
    if (o.dtype == DType::fp32) return std::make_unique<TypedState<float, float>>();
    if (layer.dtype == DType::fp32 || layer.wide_sums) return std::make_unique<TypedState<Half, float>>();
    return std::make_unique<TypedState<Half, Half>>();
}

Kernel resolve(const LayerView& layer, Kernel wanted) {
    if (layer.is_dense()) return Kernel::dense;
    if (wanted == Kernel::sparse) return has_aligned_blocks(layer) ? Kernel::abp : Kernel::ubp;
    return wanted;
}

}  // namespace

Convolution::Convolution(std::unique_ptr<State> state) : state_(std::move(state)) {}
Convolution::~Convolution() = default;

std::unique_ptr<Convolution> Convolution::create(const LayerView& layer, const ConvolutionOptions& options,
                                                 std::string& error) {
    const Geometry geometry = geometry_of(layer, options.batch, options.height, options.width);
    error = check(layer, options, geometry);
    if (!error.empty()) return nullptr;
    if (options.kernel == Kernel::measured && !layer.is_dense()) return create_measured(layer, options, error);
    std::unique_ptr<State> state = make_state(layer, options);
    state->geometry = geometry;
    state->options = options;
    state->rows = layer.rows;
    state->columns = layer.columns;
    state->activation = layer.activation;
    ConvolutionInfo& info = state->info;
    info.kernel = resolve(layer, options.kernel);
    info.kernel_name = info.kernel == Kernel::dense ? "dense" : (info.kernel == Kernel::abp ? "abp" : "ubp");
    info.out_height = geometry.out_h;
    info.out_width = geometry.out_w;
    if (info.kernel != Kernel::dense || !state->use_winograd(layer)) state->prepare(layer);
    return std::unique_ptr<Convolution>(new Convolution(std::move(state)));
}

std::unique_ptr<Convolution> Convolution::create_measured(const LayerView& layer, ConvolutionOptions options,
                                                          std::string& error) {
    options.kernel = Kernel::dense;
    std::unique_ptr<Convolution> dense = create(layer, options, error);
    options.kernel = Kernel::sparse;
    std::unique_ptr<Convolution> sparse = create(layer, options, error);
    if (!dense || !sparse) return nullptr;
    const Geometry& g = sparse->state_->geometry;
    const size_t outputs = size_t(g.positions()) * layer.rows;
    const int64_t space = std::max(dense->info().workspace_bytes, sparse->info().workspace_bytes);
    const AlignedBuffer own(options.shared_workspace ? size_t(space) / sizeof(float)
                                                     : 0);  // the shared one comes later
    if (options.shared_workspace) dense->use_workspace(own.data()), sparse->use_workspace(own.data());
    const BreakEven measured = measure_break_even(*dense, *sparse, size_t(g.input_floats()), outputs, options);
    if (options.shared_workspace) dense->use_workspace(nullptr), sparse->use_workspace(nullptr);
    std::unique_ptr<Convolution>& chosen = measured.dense_ns < measured.sparse_ns ? dense : sparse;
    chosen->state_->info.dense_ns = measured.dense_ns;
    chosen->state_->info.sparse_ns = measured.sparse_ns;
    return std::move(chosen);
}

void Convolution::run(const void* x, void* y, ThreadPool& pool, const void* residual) {
    if (state_->winograd) return state_->winograd->run(x, y, pool, residual);
    state_->x = x;
    state_->y = y;
    state_->residual = residual;
    state_->before_run(pool);
    state_->next.store(0, std::memory_order_relaxed);
    pool.run(
        state_->threads, [](void* state, unsigned thread) { static_cast<State*>(state)->work(thread); }, state_.get());
}

void Convolution::use_workspace(float* workspace) {
    if (state_->winograd) return state_->winograd->use_workspace(workspace);
    state_->workspace = reinterpret_cast<char*>(workspace);
}

ConvolutionInfo Convolution::info() const {
    ConvolutionInfo info = state_->info;
    info.core_name = state_->core_name();
    return info;
}

}  // namespace ubp
