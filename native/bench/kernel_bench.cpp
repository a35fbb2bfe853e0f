// Runs one micro-kernel or one whole operator a given number of times, for a cycle model or for a clock.
//
//   kernel_bench micro    --block-size 4 --rows 512 --columns 512 --sparsity 0.8 --variant wide --iterations 3
//   kernel_bench micro    --dtype int8 --block-columns 1|4 --passed 0|1 ...
//   kernel_bench operator --layer 512,512,7,7,1,1,1,0 --kernel ubp --variant wide --iterations 1
//   kernel_bench compare  --layer ... --kernels ubp,abp,dense --rounds 20
//   kernel_bench network  --file net.ubp --kernel sparse --variant wide --iterations 1
//
// --winograd 0: dense 3x3 layers run by plain code too.
// --layer is rows,channels,height,width,kernel_h,kernel_w,stride,pad. --dtype fp16 runs in fp16, and with --wide 1 sums
// in fp32. --blocks FILE takes the start rows and columns of the blocks from a file (int32: count, rows, columns),
// --aligned-blocks FILE those of abp; else they are random.
// Prints one JSON object. `micro`, `operator` and `network` time nothing: they are run under a model (see
// docs/performance.md).

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "../tests/random_layer.h"
#include "integer_micro.h"
#include "kernel_options.h"
#include "file/file_map.h"
#include "kernels/kernel_sets.h"
#include "operator/cores.h"
#include "operator/prepared_layer.h"
#include "ubp/convolution.h"
#include "ubp/network.h"

namespace ubp {
namespace {

BlocksByRow read_blocks(const std::string& path, uint32_t starts) {
    std::ifstream file(path, std::ios::binary);
    int32_t count = 0;
    file.read(reinterpret_cast<char*>(&count), 4);
    const size_t size = size_t(count);
    std::vector<int32_t> rows(size), columns(size);
    file.read(reinterpret_cast<char*>(rows.data()), 4 * count);
    file.read(reinterpret_cast<char*>(columns.data()), 4 * count);
    if (!file) refuse("cannot read " + path);
    BlocksByRow blocks(starts);
    for (int32_t b = 0; b < count; ++b) blocks.at(size_t(rows[size_t(b)])).push_back(uint16_t(columns[size_t(b)]));
    return blocks;
}

RandomLayer make_layer(const Options& o, RandomLayerOptions shape, bool aligned) {
    shape.aligned = aligned;
    const std::string path = word(o, aligned ? "aligned-blocks" : "blocks", "");
    if (path.empty() || shape.block_size == 0) return random_layer(shape);
    std::mt19937 random(shape.seed);
    return layer_of_blocks(random, shape, read_blocks(path, shape.rows - shape.block_size + 1));
}

// Puts the weights of a layer into `halves` where the options ask for fp16.
void take_dtype(const Options& o, RandomLayer& layer, std::vector<Half>& halves) {
    if (dtype_of_options(o) != DType::fp16) return;
    halves.assign(layer.weights.begin(), layer.weights.end());
    layer.view.weights = halves.data();
    layer.view.dtype = DType::fp16;
}

// The kernel that most tiles of a wide image use, unless --vectors and --single ask for another.
template <class T>
const TileKernel<T>& find_tile(const Options& o, const KernelSet<T>& set, int block_size) {
    const TileKernel<T>* found = nullptr;
    const int vectors = number(o, "vectors", -1), single = number(o, "single", 0);
    for (int i = 0; i < set.tile_count; ++i) {
        const TileKernel<T>& tile = set.tiles[i];
        if (tile.block_size != block_size || tile.single != single) continue;
        const bool usual = block_size == 4 ? tile.vectors == 4 : !found || tile.vectors > found->vectors;
        if (vectors < 0 ? usual : tile.vectors == vectors) found = &tile;
    }
    if (!found) refuse("no such tile");
    return *found;
}

template <class T>
int run_micro(const Options& o) {
    RandomLayerOptions shape;
    shape.rows = uint32_t(number(o, "rows", 512));
    shape.columns = uint32_t(number(o, "columns", 512));
    shape.block_size = uint32_t(number(o, "block-size", 4));
    shape.sparsity = std::atof(word(o, "sparsity", "0.8").c_str());
    const bool aligned = number(o, "aligned", 0) != 0;
    RandomLayer layer = make_layer(o, shape, aligned);
    std::vector<Half> halves;
    take_dtype(o, layer, halves);
    const bool dense = shape.block_size == 0;
    const PreparedLayer<T> prepared = dense ? prepare_dense<T>(layer.view) : prepare_sparse<T>(layer.view, aligned);
    const TileKernel<T>& tile = find_tile(o, kernels_for<T>(core_of(o)), int(shape.block_size));
    AlignedArray<T> panel((size_t{shape.columns} + 2) * size_t(tile.panel_stride()));
    std::fill_n(panel.data(), panel.size(), T(0.5f));
    AlignedArray<T> out(size_t{prepared.groups} * prepared.group_rows * size_t(tile.panel_stride()));
    Walk<T> walk;
    walk.panel = panel.data();
    walk.counts = prepared.counts.data();
    walk.columns = prepared.columns;
    walk.weights = prepared.weights;
    walk.bias = prepared.bias.data();
    walk.spans[1] = {prepared.groups, out.data(), size_t(tile.width())};
    walk.columns_total = shape.columns;
    for (int i = 0; i < number(o, "iterations", 1); ++i) (aligned ? tile.aligned : tile.walk)[0](walk);
    const double weights =
        dense ? double(shape.rows) * shape.columns : double(layer.view.block_count) * shape.block_size;
    std::printf("{\"multiply_adds\": %.0f, \"tile\": %d}\n", weights * tile.width(), tile.width());
    return 0;
}

struct Prepared {
    RandomLayer layer;
    std::vector<Half> halves;  // weights of fp16
    std::unique_ptr<Convolution> convolution;
    AlignedArray<char> x, y;
    double multiply_adds;  // those asked for: ragged tiles do more
};

// Random numbers of a type.
AlignedArray<char> random_array(DType dtype, size_t count) {
    std::mt19937 random(7);
    const std::vector<float> values = random_floats(random, count);
    AlignedArray<char> made(count * element_bytes(dtype));
    if (dtype == DType::fp16) std::copy(values.begin(), values.end(), reinterpret_cast<Half*>(made.data()));
    else std::copy(values.begin(), values.end(), reinterpret_cast<float*>(made.data()));
    return made;
}

Prepared prepare_operator(const Options& o, const std::string& kernel_name) {
    std::vector<int> f;
    for (const std::string& part : split(word(o, "layer", ""))) f.push_back(std::atoi(part.c_str()));
    if (f.size() != 8) refuse("--layer rows,channels,height,width,kernel_h,kernel_w,stride,pad");
    RandomLayerOptions shape;
    shape.rows = uint32_t(f[0]);
    shape.columns = uint32_t(f[1] * f[4] * f[5]);
    const Kernel kernel = kernel_of(kernel_name);
    shape.block_size = kernel == Kernel::dense ? 0 : uint32_t(number(o, "block-size", 4));
    shape.sparsity = std::atof(word(o, "sparsity", "0.75").c_str());
    Prepared p;
    p.layer = make_layer(o, shape, kernel == Kernel::abp);
    take_dtype(o, p.layer, p.halves);
    LayerView& view = p.layer.view;
    view.wide_sums = number(o, "wide", 0) != 0;
    view.in_channels = uint32_t(f[1]);
    view.kernel_h = uint32_t(f[4]), view.kernel_w = uint32_t(f[5]);
    view.stride_h = view.stride_w = uint32_t(f[6]);
    view.pad_h = view.pad_w = uint32_t(f[7]);
    const int batch = number(o, "batch", 1);
    std::string error;
    ConvolutionOptions options{batch, f[2], f[3], unsigned(number(o, "threads", 1)), kernel, core_of(o)};
    options.dtype = dtype_of_options(o);
    options.winograd = number(o, "winograd", 1) != 0;
    p.convolution = Convolution::create(view, options, error);
    if (!p.convolution) refuse(error);
    const ConvolutionInfo info = p.convolution->info();
    const double positions = double(batch) * double(info.out_height * info.out_width);
    p.x = random_array(options.dtype, size_t(batch) * size_t(f[1]) * size_t(f[2]) * size_t(f[3]));
    p.y = AlignedArray<char>(size_t(positions) * shape.rows * element_bytes(options.dtype));
    const double weights =
        view.is_dense() ? double(view.rows) * view.columns : double(view.block_count) * view.block_size;
    p.multiply_adds = weights * positions;
    return p;
}

int run_operator(const Options& o) {
    Prepared p = prepare_operator(o, word(o, "kernel", "ubp"));
    ThreadPool pool(unsigned(number(o, "threads", 1)));
    for (int i = 0; i < number(o, "iterations", 1); ++i) p.convolution->run(p.x.data(), p.y.data(), pool);
    const ConvolutionInfo info = p.convolution->info();
    std::printf("{\"multiply_adds\": %.0f, \"kernel\": \"%s\", \"variant\": \"%s\", \"tiles\": %d}\n", p.multiply_adds,
                info.kernel_name, info.core_name, int(info.tiles));
    return 0;
}

// Processor time of this thread: other programs on the machine do not count. Wall time with several threads.
int64_t now_ns(unsigned threads) {
#if defined(CLOCK_THREAD_CPUTIME_ID)
    timespec at{};
    if (threads == 1 && clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at) == 0) return at.tv_sec * 1000000000ll + at.tv_nsec;
#endif
    (void)threads;
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

// Times several kernels in turn, round by round, so that a change of the clock meets all of them alike.
int run_compare(const Options& o) {
    std::vector<Prepared> all;
    const std::vector<std::string> names = split(word(o, "kernels", "ubp,abp,dense"));
    for (const std::string& name : names) all.push_back(prepare_operator(o, name));
    const unsigned threads = unsigned(number(o, "threads", 1));
    ThreadPool pool(threads);
    std::vector<std::vector<int64_t>> samples(all.size());
    for (int round = -2; round < number(o, "rounds", 20); ++round) {
        for (size_t i = 0; i < all.size(); ++i) {
            const int64_t begin = now_ns(threads);
            all[i].convolution->run(all[i].x.data(), all[i].y.data(), pool);
            const int64_t spent = now_ns(threads) - begin;
            if (round >= 0) samples[i].push_back(spent);
        }
    }
    std::printf("{");
    for (size_t i = 0; i < all.size(); ++i) {
        std::sort(samples[i].begin(), samples[i].end());
        std::printf("%s\"%s\": {\"median_ns\": %lld, \"min_ns\": %lld, \"multiply_adds\": %.0f, \"variant\": \"%s\"}",
                    i ? ", " : "", names[i].c_str(), (long long)samples[i][samples[i].size() / 2],
                    (long long)samples[i][0], all[i].multiply_adds, all[i].convolution->info().core_name);
    }
    std::printf("}\n");
    return 0;
}

int run_network(const Options& o) {
    const std::string path = word(o, "file", "");
    file::FileMap map;
    std::string error;
    if (!map.open(path.c_str(), error)) refuse(path + ": " + error);
    PackedFile packed;
    FileError refusal;
    if (!packed.open(map.data(), map.size(), refusal)) refuse(path + ": " + refusal.text);
    const unsigned threads = unsigned(number(o, "threads", 1));
    NetworkOptions options;
    options.threads = threads;
    options.kernel = kernel_of(word(o, "kernel", "sparse"));
    options.core = core_of(o);
    options.winograd = number(o, "winograd", 1) != 0;
    const auto network = Network::create(packed, options, error);
    if (!network) refuse(error);
    ThreadPool pool(threads);
    std::mt19937 random(7);
    const std::vector<float> x = random_floats(random, network->input_tensor(0).elements());
    for (int i = 0; i < number(o, "iterations", 1); ++i) {
        network->write_input(0, x.data());
        network->run(pool);
    }
    double multiply_adds = 0;
    for (size_t i = 0; i < network->step_count(); ++i) multiply_adds += double(network->step(i).multiply_adds);
    const NetworkInfo info = network->info();
    std::printf(
        "{\"multiply_adds\": %.0f, \"variant\": \"%s\", \"arena_bytes\": %lld, \"workspace_bytes\": %lld, "
        "\"prepared_bytes\": %lld}\n",
        multiply_adds, info.core_name, (long long)info.arena_bytes, (long long)info.workspace_bytes,
        (long long)info.prepared_bytes);
    return 0;
}

}  // namespace
}  // namespace ubp

int main(int count, char** words) {
    ubp::Options options;
    for (int i = 2; i + 1 < count; i += 2) {
        if (std::strncmp(words[i], "--", 2) != 0) ubp::refuse(std::string("not an option: ") + words[i]);
        options[words[i] + 2] = words[i + 1];
    }
    const std::string mode = count > 1 ? words[1] : "";
    if (mode == "micro" && ubp::word(options, "dtype", "") == "int8") return ubp::run_integer_micro(options);
    const bool halves = mode == "micro" && ubp::dtype_of_options(options) == ubp::DType::fp16;
    if (mode == "micro") return halves ? ubp::run_micro<ubp::Half>(options) : ubp::run_micro<float>(options);
    if (mode == "operator") return ubp::run_operator(options);
    if (mode == "compare") return ubp::run_compare(options);
    if (mode == "network") return ubp::run_network(options);
    ubp::refuse("usage: kernel_bench micro|operator|compare|network --option value ...");
}
