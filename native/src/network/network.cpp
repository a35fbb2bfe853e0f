#include "ubp/network.h"

#include <algorithm>

#include "kernels/planar/convert.h"
#include "network/step.h"
#include "operator/aligned_buffer.h"
#include "operator/cores.h"
#include "operator/integer_cores.h"
#include "operator/integers/affine.h"

namespace ubp {

namespace {

bool has_tensors(const Graph& graph, DType dtype) {
    return std::any_of(graph.tensors.begin(), graph.tensors.end(),
                       [dtype](const GraphTensor& tensor) { return tensor.dtype == dtype; });
}

// The same graph with tensors of fp16 in fp32: places twice as far apart hold twice the bytes.
void widen_tensors(Graph& graph) {
    for (GraphTensor& tensor : graph.tensors) {
        if (tensor.dtype == DType::fp16) tensor.dtype = DType::fp32;
        tensor.offset *= 2;
    }
    graph.arena_size *= 2;
}

}  // namespace

struct Network::State {
    Graph graph;  // as it runs
    NetworkOptions options;
    bool half = false;      // any of it is computed in fp16
    bool integers = false;  // or in int8
    AlignedArray<char> arena, workspace;
    std::vector<std::unique_ptr<Step>> steps;
    std::vector<NetworkStep> facts;

    void* place(const GraphTensor& tensor) const { return arena.data() + tensor.offset; }
};

Network::Network(std::unique_ptr<State> state) : state_(std::move(state)) {}
Network::~Network() = default;

std::unique_ptr<Network> Network::create(const PackedFile& file, const NetworkOptions& options, std::string& error) {
    if (!file.graph()) return error = "the file holds layers, and no network that joins them", nullptr;
    return create(*file.graph(), file.layers(), options, error);
}

std::unique_ptr<Network> Network::create(const Graph& given, const std::vector<FileLayer>& layers,
                                         const NetworkOptions& options, std::string& error) {
    if (options.threads < 1 || options.threads > 64) return error = "threads must be 1..64", nullptr;
    auto state = std::make_unique<State>();
    state->graph = given;
    state->options = options;
    Graph& graph = state->graph;
    state->integers = has_tensors(graph, DType::int8);
    if (has_tensors(graph, DType::fp16)) {
        if (options.arithmetic == Arithmetic::fp16 && !runs_half_kernels())
            return error = "this machine has no fp16 arithmetic", nullptr;
        state->half = options.arithmetic != Arithmetic::fp32 && runs_half_kernels();
        if (!state->half) widen_tensors(graph);
    }
    state->arena = AlignedArray<char>(size_t(graph.arena_size), AlignedArray<char>::untouched);
    const StepMaker maker{graph, layers, state->options, state->arena.data()};
    state->facts.resize(graph.nodes.size());
    size_t workspace = 0;
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        auto step = maker.make(i, state->facts[i], error);
        if (!step) return error = std::string(graph.nodes[i].name) + ": " + error, nullptr;
        workspace = std::max(workspace, step->workspace_bytes());
        state->steps.push_back(std::move(step));
    }
    state->workspace = AlignedArray<char>(workspace);
    for (const auto& step : state->steps) step->use_workspace(state->workspace.data());
    return std::unique_ptr<Network>(new Network(std::move(state)));
}

size_t Network::input_count() const { return state_->graph.input_count; }
size_t Network::output_count() const { return state_->graph.output_count; }
const GraphTensor& Network::input_tensor(size_t index) const { return state_->graph.tensors[index]; }
const GraphTensor& Network::output_tensor(size_t index) const { return state_->graph.output(uint32_t(index)); }
void* Network::input(size_t index) const { return state_->place(input_tensor(index)); }
const void* Network::output(size_t index) const { return state_->place(output_tensor(index)); }

void Network::write_input(size_t index, const float* from) const {
    const GraphTensor& tensor = input_tensor(index);
    const int64_t count = int64_t(tensor.elements());
    if (tensor.dtype == DType::int8)
        return bytes_of_numbers(from, static_cast<uint8_t*>(input(index)), count, {tensor.scale, tensor.zero_point});
    if (tensor.dtype == DType::fp16) return narrow(from, static_cast<Half*>(input(index)), count);
    std::copy_n(from, count, static_cast<float*>(input(index)));
}

void Network::read_output(size_t index, float* to) const {
    const GraphTensor& tensor = output_tensor(index);
    const int64_t count = int64_t(tensor.elements());
    if (tensor.dtype == DType::int8)
        return floats_of_bytes(static_cast<const uint8_t*>(output(index)), to, count, tensor.zero_point, tensor.scale);
    if (tensor.dtype == DType::fp16) return widen(static_cast<const Half*>(output(index)), to, count);
    std::copy_n(static_cast<const float*>(output(index)), count, to);
}

void Network::run(ThreadPool& pool) const {
    for (const auto& step : state_->steps) step->run(pool);
}

size_t Network::step_count() const { return state_->steps.size(); }
void Network::run_step(size_t index, ThreadPool& pool) const { state_->steps[index]->run(pool); }
const NetworkStep& Network::step(size_t index) const { return state_->facts[index]; }

NetworkInfo Network::info() const {
    NetworkInfo info;
    info.arena_bytes = int64_t(state_->graph.arena_size);
    info.workspace_bytes = int64_t(state_->workspace.size());
    for (const auto& step : state_->steps) info.prepared_bytes += int64_t(step->prepared_bytes());
    const Core core = state_->options.core;
    info.core_name = state_->integers ? integer_kernels_for(core).name
                     : state_->half   ? kernels_for<Half>(core).name
                                      : kernels_for<float>(core).name;
    info.arithmetic = state_->integers ? "int8" : state_->half ? "fp16" : "fp32";
    return info;
}

}  // namespace ubp
