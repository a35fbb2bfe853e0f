// One entry of the grid, measured: everything that any output format shows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "../machine/conditions.h"
#include "statistics.h"

namespace ubp::bench {

struct Row {
    std::string scope = "layer", operation = "convolution";  ///< layer, network, or a network's step; what it does
    std::string file, model, layer, method, criterion;
    std::string kernel_asked, kernel, core;  ///< kernel: what ran; core: schedule of the kernels
    std::string weight_shape, input_shape, output_shape;
    std::string stride, padding, dilation, activation;
    std::string dtype, arithmetic;  ///< of the file, "mixed" where its layers differ; what ran computes in
    int64_t rows = 0, columns = 0, block_size = 0, blocks = 0;
    bool aligned = false;
    double sparsity = 0;  ///< share of the weights that is not stored
    int64_t threads = 0, batch = 0;
    std::string cpus;  ///< of all threads; "" where no affinity was asked for
    int64_t seed = 0;
    int64_t warmup_runs = 0;
    std::vector<int64_t> samples_ns;  ///< in the order of the runs
    Statistics ns;
    int64_t multiply_adds = 0;            ///< that the kernel does
    int64_t dense_multiply_adds = 0;      ///< that a dense layer of this shape needs
    int64_t packed_bytes = 0;             ///< of the layer's arrays in the file
    int64_t workspace_bytes = 0;          ///< of the operator, panels of all threads
    int64_t arena_bytes = 0;              ///< of a network: all tensors
    int64_t prepared_bytes = 0;           ///< of a network: what operators keep beside the file
    std::optional<double> share;          ///< of a step: of the time of all steps
    int64_t peak_memory_kb = 0;           ///< of the process so far, as the system counts it
    int64_t dense_ns = 0, sparse_ns = 0;  ///< what the `measured` kernel decided by
    std::string checksum;                 ///< CRC-32 of the output's bytes
    std::optional<double> error;          ///< --check: largest relative error
    bool differs = false;                 ///< the error is above the tolerance, or the output changed between runs
    Conditions before, after;
    bool moved = false;              ///< clock, temperature or the times themselves changed during the runs
    std::vector<std::string> notes;  ///< what a reader of the figures should know

    /// Floating-point operations per nanosecond of the median, a multiply-add being two.
    double gflops() const { return 2.0 * double(multiply_adds) / ns.median; }
    double dense_equivalent_gflops() const { return 2.0 * double(dense_multiply_adds) / ns.median; }
};

}  // namespace ubp::bench
