// Compares every kernel and the whole operator with plain loops, over a grid. One named case per block size and theme.
// Options: see cases.h.

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "convolution_checks.h"
#include "half_checks.h"
#include "kernels/kernel_sets.h"
#include "winograd_cases.h"

namespace ubp {
namespace {

void check_images(Setting s) {
    const int64_t images[][2] = {{1, 1}, {1, 3}, {3, 3}, {5, 5}, {7, 7}, {4, 16}, {14, 14}, {57, 31}};
    for (Core core : cores()) {
        for (const auto& image : images) {
            s.core = core, s.height = image[0], s.width = image[1];
            check(s);
        }
    }
}

void check_sparsities(Setting s) {
    for (Core core : cores()) {
        for (double sparsity : {0.0, 0.3, 0.75, 0.9, 0.99, 1.0}) {
            for (uint32_t rows : {1u, s.block_size, s.block_size + 1, 3 * s.block_size - 1, 37u}) {
                for (uint32_t channels : {1u, 2u, 19u}) {
                    s.core = core, s.sparsity = sparsity, s.rows = rows, s.channels = channels;
                    check(s);
                }
            }
        }
    }
}

void check_kernels(Setting s) {
    const uint32_t kernels[][2] = {{1, 1}, {3, 3}, {5, 5}, {3, 1}};
    s.channels = 5, s.rows = 19, s.height = 11, s.width = 13;
    for (Core core : cores()) {
        for (const auto& kernel : kernels) {
            for (uint32_t stride : {1u, 2u, 3u}) {
                for (uint32_t pad : {0u, 1u, 2u}) {
                    for (uint32_t dilation : {1u, 2u}) {
                        s.core = core, s.kernel_h = kernel[0], s.kernel_w = kernel[1];
                        s.stride = stride, s.pad = pad, s.dilation = dilation;
                        check(s);
                    }
                }
            }
        }
    }
}

// Layers of stride 2 with few channels, on images that are wider than a tile.
void check_stems(Setting s) {
    s.channels = 3, s.stride = 2, s.batch = 2;
    for (Core core : cores()) {
        for (uint32_t kernel : {3u, 5u, 7u}) {
            for (uint32_t pad : {0u, 1u, 3u}) {
                for (int64_t width : {9, 16, 57, 64}) {
                    s.core = core, s.kernel_h = s.kernel_w = kernel, s.pad = pad, s.height = 15, s.width = width;
                    check(s);
                }
            }
        }
    }
}

void check_activations(Setting s) {
    for (Core core : cores()) {
        for (Activation activation : {Activation::none, Activation::relu, Activation::relu6, Activation::hard_swish}) {
            for (int64_t image : {4, 7}) {
                s.core = core, s.activation = activation, s.height = s.width = image, s.sparsity = 0.2;
                check(s);
            }
        }
    }
}

void check_batches(Setting s) {
    for (Core core : cores()) {
        for (int64_t batch : {2, 3, 5, 33}) {
            for (int64_t image : {1, 2, 3, 7}) {
                s.core = core, s.batch = batch, s.height = s.width = image;
                s.kernel_h = s.kernel_w = image == 3 ? 3 : 1;
                s.pad = image == 3 ? 1 : 0;
                check(s);
            }
        }
    }
}

// Rows enough that few tiles are shared out by rows, too.
void check_row_ranges(Setting s) {
    s.rows = 8 * 16 * std::max(1u, s.block_size) + 3;
    s.channels = 9;
    for (Core core : cores()) {
        s.core = core;
        check(s);
    }
}

// Only kept weights multiply: a NaN reaches the rows that have a block in its column, and no other.
void check_not_finite(Setting s) {
    spoiled = true;
    for (Activation activation : {Activation::none, Activation::relu6, Activation::silu}) {
        s.activation = activation;
        check_batches(s);
        check_row_ranges(s);
    }
    spoiled = false;
}

// One block at every start row of every column, then chains of adjacent blocks.
void check_starts(Setting s) {
    const uint32_t n = s.block_size, rows = 3 * n + 2;
    for (Core core : cores()) {
        for (uint32_t start = 0; start + n <= rows; ++start) {
            for (uint32_t chain = 1; start + chain * n <= rows; ++chain) {
                s.core = core, s.rows = rows, s.channels = 3;
                RandomLayer layer = random_layer({rows, 3, n, 1.0, false, seed});
                std::vector<uint32_t> begin(layer.view.start_rows() + 1);
                std::vector<uint16_t> columns;
                for (uint32_t r = 0; r < layer.view.start_rows(); ++r) {
                    begin[r] = uint32_t(columns.size());
                    if (r >= start && (r - start) % n == 0 && (r - start) / n < chain)
                        columns.insert(columns.end(), {0, 2});
                }
                begin.back() = uint32_t(columns.size());
                std::mt19937 random(seed);
                const std::vector<float> weights = random_floats(random, columns.size() * n);
                layer.view.block_count = uint32_t(columns.size());
                columns.insert(columns.end(), 2, uint16_t{0});
                layer.view.row_begin = begin.data(), layer.view.block_column = columns.data();
                layer.view.weights = weights.data();
                check_layer(s, layer.view);
            }
        }
    }
}

// Every tile kernel of every set gives the same bits as the same tile of the first set.
template <class T>
void check_typed_sets_agree(Setting s, RandomLayer layer) {
    const int64_t width = s.width;
    std::mt19937 random(seed);
    const GuardedArray<T> x(random_floats(random, size_t(width) * s.channels)), weights(layer.weights);
    layer.view.weights = weights.data(), layer.view.dtype = dtype_of<T>;
    std::vector<float> first;
    for (Core core : cores()) {
        std::string error;
        ConvolutionOptions options{1, 1, width, 1, s.kernel, core};
        options.dtype = dtype_of<T>;
        const auto convolution = Convolution::create(layer.view, options, error);
        ThreadPool pool(1);
        GuardedArray<T> y(size_t(width) * s.rows);
        convolution->run(x.data(), y.data(), pool);
        const std::vector<float> numbers = y.floats();
        if (first.empty()) first = numbers;
        if (std::memcmp(first.data(), numbers.data(), y.size() * sizeof(float)) != 0) fail(s, "the kernel sets differ");
    }
}

void check_sets_agree(Setting s) {
    for (int64_t width : {1, 4, 5, 8, 9, 12, 16, 17, 20, 24, 25, 32, 33, 48, 64}) {
        s.width = width, s.height = 1, s.rows = 41, s.channels = 23;
        if (s.types == Types::fp32) check_typed_sets_agree<float>(s, layer_of(s));
        if (s.types == Types::fp16 && runs_half_kernels()) check_typed_sets_agree<Half>(s, layer_of(s));
    }
}

// The measured rule keeps one of the two, says which, and computes the same.
void check_measured(Setting s) {
    if (s.types == Types::fp16 && !runs_half_kernels()) return;
    s.kernel = Kernel::measured;
    RandomLayer layer = layer_of(s);
    const GuardedArray<Half> halves(layer.weights);
    ConvolutionOptions options{1, 6, 7, 1, s.kernel, s.core};
    if (s.types == Types::fp16) {
        layer.view.weights = halves.data(), layer.view.dtype = options.dtype = DType::fp16;
    }
    std::string error;
    const auto convolution = Convolution::create(layer.view, options, error);
    if (!convolution) return fail(s, error);
    const ConvolutionInfo info = convolution->info();
    const bool dense = info.dense_ns < info.sparse_ns;
    if (info.dense_ns <= 0 || info.sparse_ns <= 0 || dense != (info.kernel == Kernel::dense))
        fail(s, "chose against its figures");
    check(s);
}

void check_refusals() {
    Setting s;
    const RandomLayer layer = layer_of(s);
    std::string error;
    const auto refused = [&](LayerView view, ConvolutionOptions options, const char* word) {
        if (Convolution::create(view, options, error) || error.find(word) == std::string::npos)
            fail(s, std::string("accepted: ") + word);
    };
    refused(layer.view, {0, 1, 1, 1, Kernel::sparse, Core::best}, "batch");
    refused(layer.view, {1, 1, 1, 0, Kernel::sparse, Core::best}, "threads");
    refused(layer.view, {1, 1, 1, 1, Kernel::abp, Core::best}, "aligned");
    refused(layer.view, {1 << 20, 1 << 10, 1 << 10, 1, Kernel::sparse, Core::best}, "2^31");
    LayerView view = layer.view;
    view.kernel_h = 3;
    refused(view, {1, 9, 9, 1, Kernel::sparse, Core::best}, "columns");
    view = layer.view;
    view.block_size = 3;
    refused(view, {1, 9, 9, 1, Kernel::sparse, Core::best}, "block size");
    view = layer.view;
    view.stride_w = 0;
    view.stride_h = 0;
    refused(view, {1, 9, 9, 1, Kernel::sparse, Core::best}, "stride");
    view = layer.view;
    view.dtype = DType::int8;
    refused(view, {1, 9, 9, 1, Kernel::sparse, Core::best}, "weights");
    ConvolutionOptions options{1, 9, 9, 1, Kernel::sparse, Core::best};
    options.dtype = DType::int8;
    refused(layer.view, options, "inputs");
    options.dtype = DType::fp16;
    if (!runs_half_kernels()) refused(layer.view, options, "arithmetic");
}

using Add = std::function<void(const std::string& name, void (*theme)(Setting), const Setting& s)>;

// What every pair of types is put to. Returns the cases' common name.
std::string add_common(const Add& add, const Setting& s, const std::string& prefix) {
    const std::string name = prefix + (s.block_size == 0 ? "dense" : "n" + std::to_string(s.block_size));
    add(name + "_images", check_images, s);
    add(name + "_activations", check_activations, s);
    add(name + "_batches", check_batches, s);
    add(name + "_row_ranges", check_row_ranges, s);
    add(name + "_not_finite", check_not_finite, s);
    return name;
}

// The whole grid, in one type.
void add_grid(const Add& add, Types types, const std::string& prefix) {
    for (uint32_t n : {0u, 1u, 2u, 4u, 8u, 16u}) {
        Setting s;
        s.block_size = n, s.types = types;
        const std::string name = add_common(add, s, prefix);
        add(name + "_kernels", check_kernels, s);
        add(name + "_stems", check_stems, s);
        add(name + "_sets_agree", check_sets_agree, s);
        if (types == Types::fp16) add(name + "_odd", check_odd_halves, s);
        if (types == Types::fp16) add(name + "_rounding", check_rounding, s);
        if (types == Types::fp16 && n == 0) add(name + "_long_sums", check_long_sums, s);
        if (n == 0) continue;
        add(name + "_sparsities", check_sparsities, s);
        add(name + "_starts", check_starts, s);
        add(name + "_measured", check_measured, s);
        s.aligned = true;
        add(name + "_aligned_images", check_images, s);
        add(name + "_aligned_sparsities", check_sparsities, s);
        add(name + "_aligned_row_ranges", check_row_ranges, s);
        s.kernel = Kernel::ubp;
        add(name + "_aligned_by_ubp_images", check_images, s);
        s.kernel = Kernel::dense;
        add(name + "_filled_images", check_images, s);
    }
}

// The kernels are those of fp32: what differs is what is read and written.
void add_converted(const Add& add, Types types, const std::string& prefix) {
    for (uint32_t n : {0u, 4u}) {
        Setting s;
        s.block_size = n, s.types = types;
        add_common(add, s, prefix);
    }
}

std::vector<Case> all_cases() {
    std::vector<Case> cases;
    const Add add = [&](const std::string& name, void (*theme)(Setting), const Setting& s) {
        cases.push_back({name, [theme, s] { theme(s); }});
    };
    add_grid(add, Types::fp32, "");
    add_grid(add, Types::fp16, "f16_");
    add_converted(add, Types::wide, "wide_");
    add_converted(add, Types::widened, "widened_");
    cases.push_back({"refusals", check_refusals});
    for (Case& one : winograd_cases()) cases.push_back(std::move(one));
    return cases;
}

}  // namespace
}  // namespace ubp

int main(int count, char** words) { return ubp::run_program(ubp::all_cases(), count, words); }
