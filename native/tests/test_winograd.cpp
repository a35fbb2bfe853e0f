// Compares Winograd's convolution with plain loops: both tile sizes, ragged edges, padding, batches, threads.

#include <cmath>
#include <cstring>
#include <string>

#include "convolution_checks.h"
#include "kernels/winograd/points.h"
#include "operator/winograd/winograd.h"
#include "winograd_cases.h"

namespace ubp {
namespace {

// The matrices of F(side, 3), from their definition: rows of A by powers of the points, of G by powers over distances,
// of B by the polynomials with all other points as roots.
struct Matrices {
    int side, reach;
    double points[7];

    explicit Matrices(int side) : side(side), reach(side + 2) {
        const double q = side == 4 ? WinogradPoints<4>::q : WinogradPoints<6>::q, r = WinogradPoints<6>::r;
        const double all[] = {0, 1, -1, q, -q, r, -r};
        std::copy_n(all, 7, points);
    }
    bool infinite(int e) const { return e == reach - 1; }
    double a(int output, int e) const { return infinite(e) ? output == side - 1 : std::pow(points[e], output); }
    double square_of_weights(int e) const {
        if (infinite(e)) return 1;
        double distances = 1;
        for (int j = 0; j < reach - 1; ++j) distances *= j == e ? 1 : points[e] - points[j];
        const double square = points[e] * points[e];
        return (1 + square + square * square) / (distances * distances);
    }
    double square_of_inputs(int e) const {
        std::vector<double> polynomial{1};
        for (int j = 0; j < reach - 1; ++j) {
            if (j == e) continue;
            polynomial.push_back(0);
            for (size_t k = polynomial.size() - 1; k > 0; --k)
                polynomial[k] = polynomial[k - 1] - points[j] * polynomial[k];
            polynomial[0] *= -points[j];
        }
        double sum = 0;
        for (double factor : polynomial) sum += factor * factor;
        return sum;
    }
    // Largest variance of an output, in one dimension, where weights and inputs have variance 1.
    double growth() const {
        double largest = 0;
        for (int i = 0; i < side; ++i) {
            double sum = 0;
            for (int e = 0; e < reach; ++e) sum += a(i, e) * a(i, e) * square_of_weights(e) * square_of_inputs(e);
            largest = std::max(largest, sum);
        }
        return largest;
    }
};

// Twelve standard deviations of the error, if roundings are independent. Weights and inputs are uniform in [-1, 1], so
// their variance is 1/3. A product of C channels has rounding errors of (1 + 2 + ... + C) squared steps from its own
// sum, and for each channel those of the weight, and of the at most 2 (reach - 1) steps that made the input and that
// make the output.
double tolerance_of(int side, double channels) {
    const Matrices matrices(side);
    const double unit = std::ldexp(1.0, -24) / std::sqrt(3.0), steps = 1 + 4.0 * (matrices.reach - 1);
    return 12 * matrices.growth() / 3 * unit * std::sqrt(channels * channels / 2 + channels * steps);
}

struct WinogradSetting {
    Setting layer;
    int side = 4;
    int64_t batch_rows = 1;
    bool residual = false;
    uint32_t extra = 0;  // zeros below and to the right
};

WinogradPlan plan_of(const WinogradSetting& s, const Geometry& g) {
    const int64_t tiles_h = (g.out_h + s.side - 1) / s.side, tiles_w = (g.out_w + s.side - 1) / s.side;
    return {s.side, tiles_h, tiles_w, std::min(s.batch_rows, g.batch * tiles_h)};
}

void fail(const WinogradSetting& s, const std::string& what) {
    ubp::fail(text_of(s.layer) + " side=" + std::to_string(s.side) + " batch_rows=" + std::to_string(s.batch_rows) +
                  " residual=" + std::to_string(s.residual),
              what);
}

// Runs into an output that is its own residual, or full of something else.
Guarded run_threads(const WinogradSetting& s, const LayerView& view, const Geometry& g, const Guarded& x,
                    const Guarded& residual, unsigned threads) {
    ConvolutionOptions options{s.layer.batch, s.layer.height, s.layer.width, threads, Kernel::dense, s.layer.core};
    Winograd winograd(view, g, options, plan_of(s, g));
    ThreadPool pool(threads);
    Guarded y = s.residual ? residual : Guarded(residual.size(), -12345.0f);
    winograd.run(x.data(), y.data(), pool, s.residual ? y.data() : nullptr);
    if (!y.intact()) fail(s, "wrote outside of the output");
    return y;
}

void compare(const WinogradSetting& s, const std::vector<double>& sums, const Guarded& residual, const Guarded& y) {
    const double tolerance = tolerance_of(s.side, s.layer.channels);
    for (size_t i = 0; i < y.size(); ++i) {
        const double sum = sums[i] + (s.residual ? double(residual.data()[i]) : 0.0);
        const double error = std::fabs(double(y.data()[i]) - activated(sum, s.layer.activation));
        if (error <= tolerance) continue;  // also false where the output is not a number
        return fail(s, "output " + std::to_string(i) + " is " + std::to_string(y.data()[i]) + ", expected " +
                           std::to_string(activated(sum, s.layer.activation)));
    }
}

// Both sides, with and without a residual, any batches of tiles and numbers of threads: the same bits.
void check_winograd(WinogradSetting s) {
    const RandomLayer layer = layer_of(s.layer);
    LayerView view = layer.view;
    view.activation = Activation::none;
    view.extra_h = s.extra, view.extra_w = s.extra / 2;
    const Geometry g = geometry_of(view, s.layer.batch, s.layer.height, s.layer.width);
    if (g.out_h < 1 || g.out_w < 1) return;
    std::mt19937 random(seed + 1);
    const Guarded x(random_floats(random, size_t(g.input_floats())));
    const std::vector<double> sums = reference_convolution(view, g, x.data()).y;
    const Guarded residual(random_floats(random, sums.size()));
    view.activation = s.layer.activation;
    for (int side : {4, 6}) {
        for (bool with : {false, true}) {
            s.side = side, s.residual = with, s.batch_rows = 1 << 20;
            const Guarded first = run_threads(s, view, g, x, residual, 1);
            compare(s, sums, residual, first);
            for (const auto& [rows, threads] : {std::pair{1, 1u}, std::pair{2, 3u}, std::pair{1 << 20, 4u}}) {
                s.batch_rows = rows;
                const Guarded y = run_threads(s, view, g, x, residual, threads);
                if (std::memcmp(first.data(), y.data(), y.size() * sizeof(float)) != 0)
                    fail(s, "differs with " + std::to_string(threads) + " threads");
            }
        }
    }
}

WinogradSetting usual() {
    WinogradSetting s;
    s.layer.block_size = 0;
    s.layer.kernel_h = s.layer.kernel_w = 3;
    s.layer.pad = 1;
    return s;
}

void check_winograd_images() {
    WinogradSetting s = usual();
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

void check_winograd_channels() {
    WinogradSetting s = usual();
    s.layer.height = 10, s.layer.width = 9;
    for (uint32_t rows : {1u, 7u, 8u, 9u, 33u}) {
        for (uint32_t channels : {1u, 3u, 8u, 19u}) {
            s.layer.rows = rows, s.layer.channels = channels;
            check_winograd(s);
        }
    }
}

void check_winograd_activations() {
    WinogradSetting s = usual();
    for (int number = 0; number <= int(Activation::sigmoid); ++number) {
        for (int64_t image : {3, 10}) {
            s.layer.activation = Activation(number), s.layer.height = s.layer.width = image;
            check_winograd(s);
        }
    }
}

void check_winograd_batches() {
    WinogradSetting s = usual();
    for (int64_t batch : {2, 3, 9}) {
        for (int64_t image : {1, 3, 7, 13}) {
            s.layer.batch = batch, s.layer.height = s.layer.width = image;
            check_winograd(s);
        }
    }
}

// Padding that differs by the side, and a pruned layer that is filled up.
void check_winograd_uneven() {
    WinogradSetting s = usual();
    s.layer.block_size = 4, s.layer.height = 9, s.layer.width = 6;
    for (uint32_t extra : {0u, 1u, 3u}) {
        s.extra = extra;
        check_winograd(s);
    }
}

// A NaN reaches all outputs that it is part of, and none outside of the tiles that read it.
void check_winograd_not_finite() {
    WinogradSetting s = usual();
    s.layer.height = 17, s.layer.width = 14, s.batch_rows = 2;
    const RandomLayer layer = layer_of(s.layer);
    const Geometry g = geometry_of(layer.view, 1, s.layer.height, s.layer.width);
    std::mt19937 random(seed);
    const std::vector<float> clean = random_floats(random, size_t(g.input_floats()));
    const Guarded nothing(size_t(g.out_plane() * s.layer.rows));
    const int64_t row = 8, column = 5;
    std::vector<float> spoilt = clean;
    spoilt[size_t(row * g.width + column)] = std::numeric_limits<float>::quiet_NaN();
    for (int side : {4, 6}) {
        s.side = side;
        const Guarded wanted = run_threads(s, layer.view, g, Guarded(clean), nothing, 1);
        const Guarded found = run_threads(s, layer.view, g, Guarded(spoilt), nothing, 1);
        for (int64_t i = 0; i < int64_t(found.size()); ++i) {
            const int64_t y = i / g.out_w % g.out_h, x = i % g.out_w;
            const auto reads = [&](int64_t first, int64_t count, int64_t at) {
                return first - 1 <= at && at < first - 1 + count;
            };
            const bool tile = reads(y / side * side, side + 2, row) && reads(x / side * side, side + 2, column);
            const bool own = reads(y, 3, row) && reads(x, 3, column);
            const float value = found.data()[i];
            if (own ? !std::isnan(value) : !tile && value != wanted.data()[i]) return fail(s, "spreads wrongly");
        }
    }
}

// What a layer of this size runs by, and that the option switches it off.
void check_winograd_choice() {
    Setting s = usual().layer;
    s.rows = s.channels = 64, s.height = s.width = 28;
    const auto name_of = [&](bool allowed) {
        const RandomLayer layer = layer_of(s);
        ConvolutionOptions options{1, s.height, s.width, 1, Kernel::dense, s.core};
        options.winograd = allowed;
        std::string error;
        const auto made = Convolution::create(layer.view, options, error);
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
    return {{"winograd_images", check_winograd_images},           {"winograd_channels", check_winograd_channels},
            {"winograd_activations", check_winograd_activations}, {"winograd_batches", check_winograd_batches},
            {"winograd_uneven", check_winograd_uneven},           {"winograd_choice", check_winograd_choice},
            {"winograd_not_finite", check_winograd_not_finite}};
}

}  // namespace ubp
