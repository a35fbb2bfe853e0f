// Networks of int8: every tensor of every node, byte for byte, against plain loops in whole numbers, for every kernel,
// core and number of threads. Options: see cases.h.

#include <cstring>

#include "integer_graph.h"
#include "ubp/network.h"

namespace ubp {
namespace {

constexpr uint32_t batch = 2, side = 15, channels = 16, classes = 10;

// A stem, layers of every form of blocks, squeeze-and-excitation, grouped and pooled branches, and a classifier. From
// and to fp32.
IntegerGraph make_network(uint32_t salt) {
    IntegerGraph b(salt);
    using Shape = IntegerLayerShape;
    const auto shape = [](uint32_t kernel, uint32_t block_size, uint32_t block_columns, Activation activation) {
        Shape made;
        made.rows = channels, made.kernel = kernel, made.block_size = block_size, made.block_columns = block_columns;
        made.activation = activation;
        return made;
    };
    const auto with = [](Shape made, auto change) { return change(made), made; };
    const uint32_t input = b.add_input(3, side, side, batch);
    const uint32_t x = b.add(Op::convert, {input}, b.alike(input));
    const uint32_t stem =
        b.add_integer_layer(x, with(shape(3, 0, 1, Activation::relu6), [](Shape& s) { s.stride = 2; }));
    const uint32_t depth = b.add_integer_layer(
        stem, with(shape(3, 0, 1, Activation::none), [](Shape& s) { s.groups = channels, s.table = true; }));
    const uint32_t deep = b.add_integer_layer(
        depth, with(shape(5, 0, 1, Activation::relu), [&](Shape& s) { s.groups = channels, s.addends = {stem}; }));
    const uint32_t zipped = b.add_integer_layer(
        deep, with(shape(1, 4, 1, Activation::none), [&](Shape& s) { s.addends = {deep}, s.table = true; }));
    const uint32_t grouped4 = b.add_integer_layer(zipped, shape(3, 4, 4, Activation::relu));
    const uint32_t aligned = b.add_integer_layer(
        grouped4, with(shape(1, 8, 1, Activation::none), [](Shape& s) { s.aligned = true, s.table = true; }));
    const uint32_t aligned4 =
        b.add_integer_layer(aligned, with(shape(1, 2, 4, Activation::relu6), [](Shape& s) { s.aligned = true; }));
    GraphTensor means = b.tensor_of(channels, 1, 1, batch);
    const uint32_t mean = b.add(Op::average_pool, {aligned4}, means, Activation::none, {8, 8, 1, 1, 0, 0, 0, 0});
    const uint32_t gate =
        b.add_integer_layer(mean, with(shape(1, 0, 1, Activation::none), [](Shape& s) { s.table = true; }));
    const uint32_t gated = b.add(Op::multiply, {aligned4, gate}, b.alike(aligned4));
    const uint32_t sum = b.add(Op::add, {gated, stem}, b.alike(stem), Activation::relu);
    const uint32_t curved = b.add_with_table(Op::add, {sum, gate}, b.alike(sum), Activation::silu);
    const uint32_t grouped = b.add_integer_layer(
        curved, with(shape(3, 0, 1, Activation::none), [&](Shape& s) { s.groups = 4, s.addends = {sum}; }));
    const GraphWindow window{3, 3, 2, 2, 1, 1, 0, 0};
    GraphTensor half = b.tensor_of(channels, 4, 4, batch);
    half.scale = b.graph.tensors[grouped].scale, half.zero_point = b.graph.tensors[grouped].zero_point;
    const uint32_t largest = b.add(Op::max_pool, {grouped}, half, Activation::none, window);
    const uint32_t average =
        b.add(Op::average_pool, {sum}, b.tensor_of(channels, 4, 4, batch), Activation::none, window);
    const uint32_t both = b.add(Op::concat, {largest, average}, b.tensor_of(2 * channels, 4, 4, batch));
    const uint32_t limited = b.add(Op::activation, {both}, b.alike(both), Activation::relu6);
    const uint32_t last = b.add_with_table(Op::activation, {limited}, b.alike(limited), Activation::sigmoid);
    GraphTensor flat = b.graph.tensors[last];
    flat.rank = 2, flat.channels *= 16, flat.height = flat.width = 1;
    const uint32_t vector = b.add(Op::flatten, {last}, flat);
    Shape classifier;
    classifier.rows = classes, classifier.floats = true;
    const uint32_t scores = b.add_integer_layer(vector, classifier);
    b.add_integer_layer(gated, with(shape(1, 4, 1, Activation::relu), [&](Shape& s) {  // sparse, to fp32
                            s.floats = true, s.addends = {sum};
                        }));
    b.add(Op::convert, {gated}, {4, batch, channels, 8, 8, DType::fp32, 0});
    b.add(Op::softmax, {scores}, {2, batch, classes, 1, 1, DType::fp32, 0});
    // All of them, so that none is written over.
    for (uint32_t tensor = 1; tensor < b.graph.tensors.size(); ++tensor) b.add_output(tensor);
    return b;
}

std::vector<float> random_picture(const GraphTensor& tensor) {
    std::mt19937 random(seed + 3);
    std::vector<float> made = random_floats(random, size_t(tensor.elements()));
    for (float& value : made) value *= 3.0f;
    return made;
}

void compare(const std::string& setting, const Network& network, const std::vector<Values>& expected) {
    for (size_t i = 0; i < network.output_count(); ++i) {
        const GraphTensor& tensor = network.output_tensor(i);
        const Values& wanted = expected[i + 1];
        const std::string place = setting + " node " + std::to_string(i);
        const size_t size = element_bytes(tensor.dtype) * wanted.bytes.size() + sizeof(float) * wanted.numbers.size();
        const void* const values =
            wanted.bytes.empty() ? static_cast<const void*>(wanted.numbers.data()) : wanted.bytes.data();
        if (std::memcmp(network.output(i), values, size) != 0) return fail(place, "has other bytes");
    }
}

void check(uint32_t salt, const NetworkOptions& options) {
    const IntegerGraph b = make_network(salt);
    const std::string setting = "salt=" + std::to_string(salt) + " threads=" + std::to_string(options.threads) +
                                " kernel=" + std::to_string(int(options.kernel)) +
                                " core=" + std::to_string(int(options.core));
    std::string error;
    const auto network = Network::create(b.graph, b.layers, options, error);
    if (!network) return fail(setting, "refused: " + error);
    if (std::string(network->info().arithmetic) != "int8") fail(setting, "computes in another type");
    const std::vector<float> x = random_picture(b.graph.tensors[0]);
    const std::vector<Values> expected = run_plainly(b.graph, b.layers, x);
    ThreadPool pool(options.threads);
    for (int run = 0; run < 2; ++run) {
        network->write_input(0, x.data());
        network->run(pool);
        compare(setting, *network, expected);
    }
}

// Outputs of the plain run are no constants, so that the comparison says something.
void check_spread() {
    const IntegerGraph b = make_network(0);
    const std::vector<Values> values = run_plainly(b.graph, b.layers, random_picture(b.graph.tensors[0]));
    for (size_t i = 1; i < values.size(); ++i) {
        const Bytes& bytes = values[i].bytes;
        if (bytes.empty()) continue;
        std::vector<bool> seen(256);
        for (const uint8_t byte : bytes) seen[byte] = true;
        if (std::count(seen.begin(), seen.end(), true) < 8)
            fail("node " + std::to_string(i - 1), "few different bytes");
    }
}

// Bytes in and out, from and to floats.
void check_byte_inputs() {
    IntegerGraph b(5);
    const uint32_t input = b.add_input(4, 5, 5, 1);
    const GraphTensor tensor = b.alike(input);
    b.graph.tensors[input] = tensor;
    IntegerLayerShape shape;
    b.add_output(b.add_integer_layer(input, shape));
    std::string error;
    const auto network = Network::create(b.graph, b.layers, {}, error);
    if (!network) return fail("bytes", "refused: " + error);
    const std::vector<float> x = random_picture(tensor);
    network->write_input(0, x.data());
    const auto* const given = static_cast<const uint8_t*>(network->input(0));
    for (size_t i = 0; i < x.size(); ++i) {
        if (given[i] != byte_of(x[i] * float(1.0 / double(tensor.scale)), tensor.zero_point))
            return fail("bytes", "input " + std::to_string(i));
    }
    ThreadPool pool(1);
    network->run(pool);
    const GraphTensor& out = network->output_tensor(0);
    std::vector<float> y(size_t(out.elements()));
    network->read_output(0, y.data());
    const auto* const made = static_cast<const uint8_t*>(network->output(0));
    for (size_t i = 0; i < y.size(); ++i) {
        if (y[i] != centred(made[i], out.zero_point) * out.scale) return fail("bytes", "output " + std::to_string(i));
    }
}

std::vector<Case> all_cases() {
    std::vector<Case> cases;
    const auto add = [&](const std::string& name, NetworkOptions options) {
        cases.push_back({name, [options] {
                             for (uint32_t salt : {0u, 1u, 2u}) check(salt, options);
                         }});
    };
    NetworkOptions options;
    add("usual", options);
    options.threads = 3;
    add("threads", options);
    options.kernel = Kernel::dense;
    add("dense", options);
    options.kernel = Kernel::ubp;
    add("ubp", options);
    options.kernel = Kernel::measured;
    add("measured", options);
    options.kernel = Kernel::sparse, options.core = Core::inorder;
    add("inorder", options);
    options.core = Core::wide;
    add("wide", options);
    cases.push_back({"spread", check_spread});
    cases.push_back({"byte_inputs", check_byte_inputs});
    return cases;
}

}  // namespace
}  // namespace ubp

int main(int count, char** words) { return ubp::run_program(ubp::all_cases(), count, words); }
