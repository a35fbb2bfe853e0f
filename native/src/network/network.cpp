#include "ubp/network.h"

#include <algorithm>

#include "network/step.h"
#include "operator/aligned_buffer.h"
#include "operator/cores.h"

namespace ubp {

struct Network::State {
    const Graph& graph;
    NetworkOptions options;
    AlignedBuffer arena, workspace;
    std::vector<std::unique_ptr<Step>> steps;
    std::vector<NetworkStep> facts;

    float* place(const GraphTensor& tensor) const { return arena.data() + tensor.offset / sizeof(float); }
};

Network::Network(std::unique_ptr<State> state) : state_(std::move(state)) {}
Network::~Network() = default;

std::unique_ptr<Network> Network::create(const PackedFile& file, const NetworkOptions& options, std::string& error) {
    if (!file.graph()) return error = "the file holds layers, and no network that joins them", nullptr;
    if (options.threads < 1 || options.threads > 64) return error = "threads must be 1..64", nullptr;
    const Graph& graph = *file.graph();
    std::unique_ptr<State> state(new State{graph, options, {}, {}, {}, {}});
    state->arena = AlignedBuffer(size_t(graph.arena_size / sizeof(float)), AlignedBuffer::untouched);
    const StepMaker maker{graph, file.layers(), state->options, reinterpret_cast<char*>(state->arena.data())};
    state->facts.resize(graph.nodes.size());
    size_t workspace = 0;
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        auto step = maker.make(i, state->facts[i], error);
        if (!step) return error = std::string(graph.nodes[i].name) + ": " + error, nullptr;
        workspace = std::max(workspace, step->workspace_floats());
        state->steps.push_back(std::move(step));
    }
    state->workspace = AlignedBuffer(workspace);
    for (const auto& step : state->steps) step->use_workspace(state->workspace.data());
    return std::unique_ptr<Network>(new Network(std::move(state)));
}

size_t Network::input_count() const { return state_->graph.input_count; }
size_t Network::output_count() const { return state_->graph.output_count; }
const GraphTensor& Network::input_tensor(size_t index) const { return state_->graph.tensors[index]; }
const GraphTensor& Network::output_tensor(size_t index) const { return state_->graph.output(uint32_t(index)); }
float* Network::input(size_t index) const { return state_->place(input_tensor(index)); }
const float* Network::output(size_t index) const { return state_->place(output_tensor(index)); }

void Network::run(ThreadPool& pool) const {
    for (const auto& step : state_->steps) step->run(pool);
}

size_t Network::step_count() const { return state_->steps.size(); }
void Network::run_step(size_t index, ThreadPool& pool) const { state_->steps[index]->run(pool); }
const NetworkStep& Network::step(size_t index) const { return state_->facts[index]; }

NetworkInfo Network::info() const {
    NetworkInfo info;
    info.arena_bytes = int64_t(state_->graph.arena_size);
    info.workspace_bytes = int64_t(state_->workspace.size() * sizeof(float));
    for (const auto& step : state_->steps) info.prepared_bytes += int64_t(step->prepared_bytes());
    info.core_name = kernels_for(state_->options.core).name;
    return info;
}

}  // namespace ubp
