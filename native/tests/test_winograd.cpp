// Compares Winograd's convolution with plain loops: tile sizes, ragged edges, padding, batches, threads; fp32 and fp16.

#include <cmath>
#include <limits>
#include <string>

#include "winograd_cases.h"
#include "winograd_checks.h"

namespace ubp {
namespace {

void check_winograd_images(Types types) {
    WinogradSetting s = usual_winograd(types);
    const int64_t images[][2] = {{1, 1}, {2, 3}, {4, 4}, {5, 7}, {6, 12}, {7, 7}, {9, 25}, {14, 14}, {31, 57}};
    for (Core core : {Core::best, Core::wide, Core::inorder}) {
        for (const auto& image : images) {
            for (uint32_t pad : {0u, 1u, 2u, 5u}) {
                s.layer.core = core, s.layer.height = image[0], s.layer.width = image[1], s.layer.pad = pad;
                check_winograd(s);
            }
        }
    }
}

void check_winograd_channels(Types types) {
    WinogradSetting s = usual_winograd(types);
    s.layer.height = 10, s.layer.width = 9;
    for (uint32_t rows : {1u, 7u, 8u, 9u, 33u}) {
        for (uint32_t channels : {1u, 3u, 8u, 19u, 64u, 130u}) {
            s.layer.rows = rows, s.layer.channels = channels;
            check_winograd(s);
        }
    }
}

void check_winograd_activations(Types types) {
    WinogradSetting s = usual_winograd(types);
    for (int number = 0; number <= int(Activation::sigmoid); ++number) {
        for (int64_t image : {3, 10}) {
            s.layer.activation = Activation(number), s.layer.height = s.layer.width = image;
            check_winograd(s);
        }
    }
}

void check_winograd_batches(Types types) {
    WinogradSetting s = usual_winograd(types);
    for (int64_t batch : {2, 3, 9}) {
        for (int64_t image : {1, 3, 7, 13}) {
            s.layer.batch = batch, s.layer.height = s.layer.width = image;
            check_winograd(s);
        }
    }
}

// Padding that differs by the side, and a pruned layer that is filled up.
void check_winograd_uneven(Types types) {
    WinogradSetting s = usual_winograd(types);
    s.layer.block_size = 4, s.layer.height = 9, s.layer.width = 6;
    for (uint32_t extra : {0u, 1u, 3u}) {
        s.extra = extra;
        check_winograd(s);
    }
}

// A NaN reaches all outputs that it is part of, and none outside of the tiles that read it.
template <class T>
void check_not_finite(WinogradSetting s) {
    s.layer.height = 17, s.layer.width = 14, s.batch_rows = 2;
    const TypedLayer<T> layer(s.layer);
    const Geometry g = geometry_of(layer.view, 1, s.layer.height, s.layer.width);
    std::mt19937 random(seed);
    const std::vector<float> clean = random_floats(random, size_t(g.input_floats()));
    const GuardedArray<T> nothing(size_t(g.out_plane() * s.layer.rows));
    const int64_t row = 8, column = 5;
    std::vector<float> spoilt = clean;
    spoilt[size_t(row * g.width + column)] = std::numeric_limits<float>::quiet_NaN();
    const WinogradKernels<T, T>& kernels = winograd_kernels<T, T>();
    for (int tile_size = 0; tile_size < kernels.tile_count; ++tile_size) {
        const int side = s.side = kernels.tiles[tile_size].side;
        const std::vector<float> wanted = run_threads(s, layer.view, g, GuardedArray<T>(clean), nothing, 1).floats();
        const std::vector<float> found = run_threads(s, layer.view, g, GuardedArray<T>(spoilt), nothing, 1).floats();
        for (int64_t i = 0; i < int64_t(found.size()); ++i) {
            const int64_t y = i / g.out_w % g.out_h, x = i % g.out_w;
            const auto reads = [&](int64_t first, int64_t count, int64_t at) {
                return first - 1 <= at && at < first - 1 + count;
            };
            const bool tile = reads(y / side * side, side + 2, row) && reads(x / side * side, side + 2, column);
            const bool own = reads(y, 3, row) && reads(x, 3, column);
            const float value = found[size_t(i)];
            if (own ? !std::isnan(value) : !tile && value != wanted[size_t(i)]) return fail(s, "spreads wrongly");
        }
    }
}

void check_winograd_not_finite(Types types) {
    if (types == Types::fp32) return check_not_finite<float>(usual_winograd(types));
    if (runs_half_kernels()) check_not_finite<Half>(usual_winograd(types));
}

// What a layer of this size runs by, and that the option switches it off.
void check_winograd_choice(Types types) {
    if (types == Types::fp16 && !runs_half_kernels()) return;
    Setting s = usual_winograd(types).layer;
    s.rows = s.channels = 64, s.height = s.width = 28;
    const auto name_of = [&](bool allowed) {
        const TypedLayer<float> layer(s);
        const TypedLayer<Half> half(s);
        ConvolutionOptions options{1, s.height, s.width, 1, Kernel::dense, s.core};
        options.winograd = allowed, options.dtype = types == Types::fp16 ? DType::fp16 : DType::fp32;
        std::string error;
        const auto made = Convolution::create(types == Types::fp16 ? half.view : layer.view, options, error);
        return made ? std::string(made->info().kernel_name) : error;
    };
    if (name_of(true) != "winograd" || name_of(false) != "dense") ubp::fail(text_of(s), "chose " + name_of(true));
    s.stride = 2;
    if (name_of(true) != "dense") ubp::fail(text_of(s), "chose " + name_of(true));
    s.stride = 1, s.dilation = 2;
    if (name_of(true) != "dense") ubp::fail(text_of(s), "chose " + name_of(true));
}

}  // namespace

std::vector<Case> winograd_cases() {
    const std::pair<const char*, void (*)(Types)> checks[] = {
        {"images", check_winograd_images},   {"channels", check_winograd_channels},
        {"batches", check_winograd_batches}, {"activations", check_winograd_activations},
        {"uneven", check_winograd_uneven},   {"not_finite", check_winograd_not_finite},
        {"choice", check_winograd_choice},
    };
    std::vector<Case> cases;
    for (const auto& [name, check] : checks) {
        cases.push_back({std::string("winograd_") + name, [check = check] { check(Types::fp32); }});
        cases.push_back({std::string("winograd_f16_") + name, [check = check] { check(Types::fp16); }});
    }
    for (Case& one : half_winograd_cases()) cases.push_back(std::move(one));
    return cases;
}

}  // namespace ubp
