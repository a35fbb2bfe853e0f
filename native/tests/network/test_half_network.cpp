// Networks whose tensors and weights are fp16: every operator, by every arithmetic, against the same in fp32, which the
// networks of files are tested in. Options: see cases.h.

#include <cmath>
#include <string>

#include "../cases.h"
#include "graph_builder.h"
#include "operator/cores.h"
#include "ubp/network.h"

namespace ubp {
namespace {

constexpr uint32_t batch = 2, side = 9, channels = 16, classes = 10;

// A stem, a block with depthwise and squeeze-and-excitation, grouped and pooled branches, and a classifier. From and to
// fp32.
template <class T>
GraphBuilder<T> make_network(bool wide_sums) {
    GraphBuilder<T> b(wide_sums);
    const DType dtype = dtype_of<T>;
    const uint32_t input = b.add_input(3, side, side, batch);
    const uint32_t x = b.add_alike(Op::convert, {input});
    const uint32_t stem = b.add_layer(x, channels, 3, 0, 1, Activation::relu6);
    const uint32_t depth = b.add_layer(stem, channels, 3, 0, channels, Activation::hard_swish);
    const uint32_t deep = b.add_layer(depth, channels, 5, 0, channels, Activation::none, {stem});
    const uint32_t sparse = b.add_layer(deep, channels, 1, 4, 1, Activation::silu, {deep});
    const GraphTensor means{4, batch, channels, 1, 1, dtype, 0};
    const uint32_t mean = b.add(Op::average_pool, {sparse}, means, Activation::none, {side, side, 1, 1, 0, 0, 0, 0});
    const uint32_t gate = b.add_layer(mean, channels, 1, 0, 1, Activation::hard_sigmoid);
    const uint32_t gated = b.add_alike(Op::multiply, {sparse, gate});
    const uint32_t sum = b.add_alike(Op::add, {gated, stem}, Activation::relu);
    const uint32_t grouped = b.add_layer(sum, channels, 3, 0, 4, Activation::none);
    const GraphWindow window{3, 3, 2, 2, 1, 1, 0, 0};
    const GraphTensor half{4, batch, channels, 5, 5, dtype, 0};
    const uint32_t largest = b.add(Op::max_pool, {grouped}, half, Activation::none, window);
    const uint32_t average = b.add(Op::average_pool, {sum}, half, Activation::none, window);
    const uint32_t both = b.add(Op::concat, {largest, average}, {4, batch, 2 * channels, 5, 5, dtype, 0});
    const uint32_t curved = b.add_alike(Op::activation, {both}, Activation::sigmoid);
    const uint32_t flat = b.add(Op::flatten, {curved}, {2, batch, 2 * channels * 25, 1, 1, dtype, 0});
    const uint32_t scores = b.add_layer(flat, classes, 1, 0, 1, Activation::none);
    const uint32_t wide = b.add(Op::convert, {scores}, {2, batch, classes, 1, 1, DType::fp32, 0});
    b.add_output(b.add(Op::softmax, {wide}, {2, batch, classes, 1, 1, DType::fp32, 0}));
    b.add_output(wide);
    return b;
}

struct Run {
    NetworkInfo info;
    std::vector<float> outputs;
};

template <class T>
Run run_network(const GraphBuilder<T>& builder, Arithmetic arithmetic, Core core, unsigned threads) {
    NetworkOptions options;
    options.arithmetic = arithmetic, options.core = core, options.threads = threads;
    std::string error;
    const auto network = Network::create(builder.graph, builder.layers, options, error);
    if (!network) return fail("network", error), Run{};
    std::mt19937 random(seed);
    const std::vector<float> x = random_floats(random, network->input_tensor(0).elements());
    ThreadPool pool(threads);
    Run made;
    for (int run = 0; run < 2; ++run) {  // the second finds what the first has left
        network->write_input(0, x.data());
        network->run(pool);
        made.outputs.clear();
        for (size_t i = 0; i < network->output_count(); ++i) {
            std::vector<float> output(network->output_tensor(i).elements());
            network->read_output(i, output.data());
            made.outputs.insert(made.outputs.end(), output.begin(), output.end());
        }
    }
    made.info = network->info();
    return made;
}

void compare(const std::string& setting, const Run& mine, const Run& wanted, double tolerance) {
    double largest = 0, error = 0;
    for (size_t i = 0; i < wanted.outputs.size() && i < mine.outputs.size(); ++i) {
        largest = std::max(largest, std::fabs(double(wanted.outputs[i])));
        error = std::max(error, std::fabs(double(mine.outputs[i]) - double(wanted.outputs[i])));
    }
    const bool same_size = mine.outputs.size() == wanted.outputs.size() && !wanted.outputs.empty();
    if (!same_size || !(error <= tolerance * largest) || !(largest > 0.01))
        fail(setting, "is off by " + std::to_string(error) + " of " + std::to_string(largest));
}

// Weights are the same halves everywhere: what differs is the arithmetic. 2^-11 is one rounding, and outputs are some
// twenty of them behind the input.
void check_arithmetics() {
    const GraphBuilder<Half> halves = make_network<Half>(false), wide = make_network<Half>(true);
    const Run wanted = run_network(halves, Arithmetic::fp32, Core::wide, 1);
    if (wanted.info.arithmetic != std::string("fp32"))
        fail("fp32", std::string("is said to be ") + wanted.info.arithmetic);
    if (uint64_t(wanted.info.arena_bytes) != 2 * halves.graph.arena_size)
        fail("fp32", "the arena is not twice as large");
    compare("fp32 of weights of fp32", run_network(make_network<float>(false), Arithmetic::automatic, Core::wide, 1),
            wanted, 0.01);
    const Run automatic = run_network(halves, Arithmetic::automatic, Core::automatic, 1);
    const std::string expected = runs_half_kernels() ? "fp16" : "fp32";
    if (automatic.info.arithmetic != expected)
        fail("automatic", std::string("is said to be ") + automatic.info.arithmetic);
    if (!runs_half_kernels()) return compare("automatic", automatic, wanted, 0);
    if (uint64_t(automatic.info.arena_bytes) != halves.graph.arena_size) fail("fp16", "the arena has another size");
    compare("fp16", automatic, wanted, 20 * std::ldexp(1.0, -11));
    compare("wide sums", run_network(wide, Arithmetic::fp16, Core::wide, 1), wanted, 10 * std::ldexp(1.0, -11));
}

void check_threads() {
    for (bool wide_sums : {false, true}) {
        const GraphBuilder<Half> builder = make_network<Half>(wide_sums);
        for (Arithmetic arithmetic : {Arithmetic::automatic, Arithmetic::fp32}) {
            const Run first = run_network(builder, arithmetic, Core::wide, 1);
            for (Core core : {Core::wide, Core::inorder}) {
                for (unsigned threads : {1u, 2u, 3u, 4u})
                    compare("threads", run_network(builder, arithmetic, core, threads), first, 0);
            }
        }
    }
}

void check_refused() {
    const GraphBuilder<Half> builder = make_network<Half>(false);
    NetworkOptions options;
    options.arithmetic = Arithmetic::fp16;
    std::string error;
    const auto network = Network::create(builder.graph, builder.layers, options, error);
    if ((network != nullptr) != runs_half_kernels()) fail("fp16 asked for", "answered: " + error);
    GraphBuilder<Half> soft;
    const uint32_t x = soft.add_alike(Op::convert, {soft.add_input(4, 1, 1, 1)});
    soft.add_output(soft.add_alike(Op::softmax, {x}));
    if (runs_half_kernels() && Network::create(soft.graph, soft.layers, options, error)) fail("softmax", "takes fp16");
}

}  // namespace
}  // namespace ubp

int main(int count, char** words) {
    using namespace ubp;
    const std::vector<Case> cases = {
        {"arithmetics", check_arithmetics}, {"threads", check_threads}, {"refused", check_refused}};
    return run_program(cases, count, words);
}
