#include "graph_run.h"

#include <sanitizer/asan_interface.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "ubp/network.h"

namespace ubp::fuzz {
namespace {

constexpr uint64_t kMostArena = 1 << 18;  // bytes
constexpr double kMostWork = 1 << 18;     // multiply-adds, window elements and panel entries of all nodes

/// Elements that a node touches, about.
double work_of(const Graph& graph, const GraphNode& node, const GraphTensor& result, const PackedFile& file) {
    if (node.op == Op::layer) {
        const LayerView& layer = file.layers()[node.layer].view;
        const double positions = double(result.batch) * double(result.plane());
        return (positions + 16) * (double(layer.rows) + layer.columns) * (layer.is_dense() ? 1 : 2) +
               positions *
                   double(layer.is_dense() ? layer.dense_count() : uint64_t{layer.block_count} * layer.block_size);
    }
    double work = double(result.elements());
    for (uint32_t i = 0; i < node.operand_count; ++i) work += double(graph.operand(node, i).elements());
    if (node.op == Op::max_pool || node.op == Op::average_pool)
        work *= double(node.window.kernel_h) * double(node.window.kernel_w);
    return work;
}

/// The arena of a network, from the outside.
class Arena {
public:
    Arena(const Graph& graph, const Network& network)
        : graph_(graph), begin_(reinterpret_cast<char*>(network.input(0)) - graph.tensors[0].offset) {}
    ~Arena() { ASAN_UNPOISON_MEMORY_REGION(begin_, graph_.arena_size); }

    /// Leaves only what the node may read and write; an operand ends with its last element.
    void guard(size_t index) {
        const GraphNode& node = graph_.nodes[index];
        ASAN_POISON_MEMORY_REGION(begin_, graph_.arena_size);
        for (uint32_t i = 0; i < node.operand_count; ++i) {
            const GraphTensor& operand = graph_.operand(node, i);
            ASAN_UNPOISON_MEMORY_REGION(begin_ + operand.offset, element_bytes(operand.dtype) * operand.elements());
        }
        ASAN_UNPOISON_MEMORY_REGION(begin_ + graph_.result(index).offset, graph_.result(index).bytes());
    }

    void fill_inputs(const Network& network, uint64_t seed) {
        ASAN_UNPOISON_MEMORY_REGION(begin_, graph_.arena_size);
        std::mt19937 random(static_cast<uint32_t>(seed));
        std::uniform_real_distribution<float> uniform(-2.0f, 2.0f);
        std::memset(begin_, 0x7F, graph_.arena_size);  // large finite numbers where nobody has written
        for (size_t i = 0; i < network.input_count(); ++i) {
            std::vector<float> values(network.input_tensor(i).elements());
            std::generate(values.begin(), values.end(), [&] { return uniform(random); });
            network.write_input(i, values.data());
        }
    }

    void open() { ASAN_UNPOISON_MEMORY_REGION(begin_, graph_.arena_size); }

private:
    const Graph& graph_;
    char* begin_;
};

using Outputs = std::vector<std::vector<float>>;

/// Empty where the network can't be made ready; `error` says why.
Outputs run_once(const PackedFile& file, Core core, unsigned threads, uint64_t seed, std::string& error) {
    static ThreadPool pool(3);
    NetworkOptions options;
    options.threads = threads;
    options.core = core;
    const auto network = Network::create(file, options, error);
    if (!network) return {};
    Arena arena(*file.graph(), *network);
    arena.fill_inputs(*network, seed);
    for (size_t i = 0; i < network->step_count(); ++i) {
        arena.guard(i);
        network->run_step(i, pool);
    }
    arena.open();
    Outputs outputs;
    for (size_t i = 0; i < network->output_count(); ++i) {
        outputs.emplace_back(network->output_tensor(i).elements());
        network->read_output(i, outputs.back().data());
    }
    return outputs;
}

/// Bit for bit, but that one NaN is as good as another.
bool are_same(const Outputs& one, const Outputs& other) {
    for (size_t i = 0; i < one.size(); ++i)
        for (size_t j = 0; j < one[i].size(); ++j) {
            const float a = one[i][j], b = other[i][j];
            if (std::memcmp(&a, &b, sizeof a) != 0 && !(a != a && b != b)) return false;
        }
    return one.size() == other.size();
}

}  // namespace

bool is_small(const PackedFile& file) {
    const Graph& graph = *file.graph();
    if (graph.arena_size > kMostArena) return false;
    double work = 0;
    for (size_t i = 0; i < graph.nodes.size(); ++i) work += work_of(graph, graph.nodes[i], graph.result(i), file);
    return work <= kMostWork;
}

const char* run_graph(const PackedFile& file, uint64_t choice) {
    static const Core cores[] = {Core::best, Core::wide, Core::inorder};
    std::string error;
    const Outputs one = run_once(file, cores[choice % 3], 1 + choice % 2 * 2, choice, error);
    if (!error.empty()) return "a graph that the runtime refuses";
    const Outputs other = run_once(file, cores[(choice + 1) % 3], 3 - choice % 2 * 2, choice, error);
    return are_same(one, other) ? "" : "other kernels or threads give another result";
}

}  // namespace ubp::fuzz
