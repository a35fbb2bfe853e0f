// A whole network from a packed file: prepares every node once, then runs them one after another in one arena.
// Owns arena, workspace and prepared operators; the weights stay in the file's bytes, which the caller keeps alive.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ubp/convolution.h"
#include "ubp/packed_file.h"
#include "ubp/thread_pool.h"

namespace ubp {

// What layers and tensors of fp16 are computed in. automatic: fp16 where the cores can (off ARM64 they are emulated,
// slowly), else fp32, for which weights are widened and all tensors are fp32. fp16: refused where the cores can't.
enum class Arithmetic { automatic, fp16, fp32 };

struct NetworkOptions {
    unsigned threads = 1;            // at most; 1..64
    Kernel kernel = Kernel::sparse;  // of the pruned layers; dense layers always run dense
    Core core = Core::automatic;
    bool winograd = true;  // dense 3x3 layers of stride 1 may run by Winograd, where that costs less
    Arithmetic arithmetic = Arithmetic::automatic;
};

// What one node became, for reports.
struct NetworkStep {
    std::string_view name;       // place in the model
    const char* operation = "";  // convolution, depthwise, grouped, linear, or the node's op: add, max_pool, ...
    const char* kernel = "";     // dense, winograd, abp or ubp where a layer's matrix is multiplied, else ""
    const GraphTensor* input = nullptr;
    const GraphTensor* output = nullptr;
    int64_t layer = -1;         // number in the file, or -1
    int64_t multiply_adds = 0;  // that the kernel does (winograd: that it stands for); 0 where there are none
    int64_t dense_multiply_adds = 0;
};

struct NetworkInfo {
    int64_t arena_bytes = 0;      // all tensors
    int64_t workspace_bytes = 0;  // panels and rows of all threads, shared by all nodes
    int64_t prepared_bytes = 0;   // what operators keep beside the file: biases, counts, copies, Winograd's weights
    const char* core_name = "";   // schedule of the convolution kernels: wide, inorder, avx512 or widening
    const char* arithmetic = "";  // int8 where anything is computed in it, else fp16 likewise, else fp32
};

class Network {
public:
    // Returns null and one line in `error` where the file has no graph or an option does not fit. Everything is
    // allocated here: run() allocates nothing and opens no file. `file` and its bytes must outlive the network.
    static std::unique_ptr<Network> create(const PackedFile& file, const NetworkOptions& options, std::string& error);
    // The same of a graph that the caller answers for, and of the layers that its nodes name by number.
    static std::unique_ptr<Network> create(const Graph& graph, const std::vector<FileLayer>& layers,
                                           const NetworkOptions& options, std::string& error);
    ~Network();

    size_t input_count() const;
    size_t output_count() const;
    const GraphTensor& input_tensor(size_t index) const;
    const GraphTensor& output_tensor(size_t index) const;
    // Where the caller writes an input before every run (nodes may overwrite it), and reads an output after one: arrays
    // of the tensor's dtype, which is fp32 for all tensors where the arithmetic is fp32.
    void* input(size_t index) const;
    const void* output(size_t index) const;
    // The same from and to floats, whatever the tensor's dtype.
    void write_input(size_t index, const float* from) const;
    void read_output(size_t index, float* to) const;

    // Runs all nodes. One call at a time. The result does not depend on the number of threads.
    void run(ThreadPool& pool) const;

    // One node; all of them in order are a run.
    size_t step_count() const;
    void run_step(size_t index, ThreadPool& pool) const;
    const NetworkStep& step(size_t index) const;
    NetworkInfo info() const;

private:
    struct State;
    explicit Network(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace ubp
