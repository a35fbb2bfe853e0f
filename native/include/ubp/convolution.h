// The convolution operator: y = activation(W * x + bias) for a packed layer, on planar (NCHW) arrays.
// Owns prepared weights and workspace; runs on a ThreadPool of the caller. Opens no file and measures no benchmark.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "ubp/layer.h"
#include "ubp/thread_pool.h"

namespace ubp {

enum class Kernel {
    sparse,    // abp where all blocks are aligned, otherwise ubp; dense where the layer is dense
    measured,  // dense or sparse, whichever is faster on this machine now: both are timed when created
    dense,     // a sparse layer is filled up with zeros
    abp,       // aligned blocks; an error where a block is not
    ubp,       // blocks at any row
};

// Which schedule of the kernels a thread uses. automatic: by the core it runs on; best: the widest of this machine.
enum class Core { automatic, best, wide, inorder };

// What the bytes of a layer of int8 mean: byte q is scale * (q - zero_point). docs/format.md, "Integers".
struct IntegerTensors {
    float x_scale = 1, y_scale = 1, residual_scale = 1;
    int32_t x_zero_point = 0, y_zero_point = 0, residual_zero_point = 0;
    bool floats = false;             // y is fp32, and y_scale does not count
    const uint8_t* table = nullptr;  // [256] of an activation that is no clamp: y_scale is that of the bytes before it

    float unit() const { return floats ? 1.0f : y_scale; }  // of what is made
};

struct ConvolutionOptions {
    int64_t batch = 1, height = 1, width = 1;  // of the input
    unsigned threads = 1;                      // at most; 1..64
    Kernel kernel = Kernel::sparse;
    Core core = Core::automatic;
    bool residual = false;          // run() is given one
    DType dtype = DType::fp32;      // of inputs, outputs and residuals: fp32 (weights are widened), fp16 or int8
    IntegerTensors integers{};      // int8 only
    bool shared_workspace = false;  // the caller gives the workspace, by use_workspace()
    bool winograd = true;           // dense 3x3 layers of stride 1 may run by Winograd, where that costs less
};

// What was chosen, for reports.
struct ConvolutionInfo {
    Kernel kernel = Kernel::sparse;  // dense, abp or ubp
    const char* kernel_name = "";    // "dense", "winograd" (where `kernel` is dense), "abp" or "ubp"
    const char* core_name = "";      // schedule of the thread that asked: "wide", "inorder", "avx512" or "widening"
    int64_t out_height = 0, out_width = 0;
    int64_t tile_width = 0, tiles = 0;    // output positions of most tiles; number of tiles
    int64_t workspace_bytes = 0;          // panels and scratch of all threads
    int64_t prepared_bytes = 0;           // kept beside the layer's arrays: bias, counts, copies, Winograd's weights
    int64_t weight_bytes = 0;             // weights that a tile reads, without indices
    int64_t dense_ns = 0, sparse_ns = 0;  // Kernel::measured: the two medians; otherwise 0
};

class Convolution {
public:
    // Returns null and sets `error` (one line) where the options do not fit the layer. `layer`'s arrays must outlive
    // the convolution. Everything is allocated here; run() allocates nothing.
    static std::unique_ptr<Convolution> create(const LayerView& layer, const ConvolutionOptions& options,
                                               std::string& error);
    ~Convolution();

    // x [batch][C][height][width] to y [batch][R][out_height][out_width], arrays of options.dtype. One call at a time.
    // The result does not depend on the number of threads. residual: an array like y that is added before the
    // activation; may be y itself.
    void run(const void* x, void* y, ThreadPool& pool, const void* residual = nullptr);

    // info().workspace_bytes on a cache line; several convolutions that run one after another can share it.
    void use_workspace(float* workspace);

    ConvolutionInfo info() const;

    struct State;

private:
    static std::unique_ptr<Convolution> create_measured(const LayerView& layer, ConvolutionOptions options,
                                                        std::string& error);
    explicit Convolution(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace ubp
