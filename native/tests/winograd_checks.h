// One setting of Winograd's convolution, in fp32 or fp16: a run that is compared with plain loops.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "convolution_checks.h"
#include "kernels/winograd/points.h"
#include "operator/cores.h"
#include "operator/winograd/winograd.h"

namespace ubp {

// The matrices of F(side, 3), from their definition: rows of A by powers of the points, of G by powers over distances,
// of B by the polynomials with all other points as roots.
struct Matrices {
    int side, reach;
    double points[7];

    explicit Matrices(int side) : side(side), reach(side + 2) {
        using Four = WinogradPoints<4>;
        using Six = WinogradPoints<6>;
        const double p = side == 4 ? Four::p : Six::p, q = side == 4 ? Four::q : Six::q;
        const double all[] = {0, p, -p, q, -q, Six::r, -Six::r};
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

// Of a type: half of the distance of 1 from the next number.
template <class T>
constexpr double unit_roundoff = sizeof(T) == 4 ? 1.0 / (1 << 24) : 1.0 / (1 << 11);

// Twelve standard deviations of the error, if roundings are independent. Weights and inputs are uniform in [-1, 1], so
// their variance is 1/3. A sum of C products has rounding errors of (1 + 2 + ... + C) squared steps, in fp16 the same
// of each part and of the sum of the parts, and for each channel those of the weight, and of the at most 2 (reach - 1)
// steps that made the input and that make the output.
template <class T>
double tolerance_of(int side, double channels) {
    const Matrices matrices(side);
    const double steps = 1 + 4.0 * (matrices.reach - 1),
                 part = std::min(channels, double(winograd_part<T>(int64_t(channels))));
    const double sums = channels * part / 2 + channels * channels / part / 2;
    return 12 * matrices.growth() / 3 * unit_roundoff<T> / std::sqrt(3.0) * std::sqrt(sums + channels * steps);
}

struct WinogradSetting {
    Setting layer;
    int side = 4;
    int64_t batch_rows = 1;
    bool residual = false;
    uint32_t extra = 0;  // zeros below and to the right
};

inline WinogradPlan plan_of(const WinogradSetting& s, const Geometry& g) {
    const int64_t tiles_h = (g.out_h + s.side - 1) / s.side, tiles_w = (g.out_w + s.side - 1) / s.side;
    return {s.side, tiles_h, tiles_w, std::min(s.batch_rows, g.batch * tiles_h)};
}

inline void fail(const WinogradSetting& s, const std::string& what) {
    ubp::fail(text_of(s.layer) + " side=" + std::to_string(s.side) + " batch_rows=" + std::to_string(s.batch_rows) +
                  " residual=" + std::to_string(s.residual),
              what);
}

// Runs into an output that is its own residual, or full of something else.
template <class T>
GuardedArray<T> run_threads(const WinogradSetting& s, const LayerView& view, const Geometry& g,
                            const GuardedArray<T>& x, const GuardedArray<T>& residual, unsigned threads) {
    ConvolutionOptions options{s.layer.batch, s.layer.height, s.layer.width, threads, Kernel::dense, s.layer.core};
    TypedWinograd<T, T> winograd(view, g, options, plan_of(s, g));
    ThreadPool pool(threads);
    GuardedArray<T> y = s.residual ? residual : GuardedArray<T>(residual.size(), -12345.0f);
    winograd.run(x.data(), y.data(), pool, s.residual ? y.data() : nullptr);
    if (!y.intact()) fail(s, "wrote outside of the output");
    return y;
}

// The last roundings, of bias, residual and output, are of the size of what is rounded.
template <class T>
void compare(const WinogradSetting& s, const std::vector<double>& sums, const GuardedArray<T>& residual,
             const GuardedArray<T>& y) {
    const double of_products = tolerance_of<T>(s.side, s.layer.channels);
    for (size_t i = 0; i < y.size(); ++i) {
        const double addend = s.residual ? double(float(residual.data()[i])) : 0.0, mine = double(float(y.data()[i]));
        const double wanted = activated(sums[i] + addend, s.layer.activation), error = std::fabs(mine - wanted);
        const double tolerance = of_products + 3 * unit_roundoff<T> * (std::fabs(sums[i]) + std::fabs(addend) + 1);
        if (error <= tolerance) continue;  // also false where the output is not a number
        return fail(
            s, "output " + std::to_string(i) + " is " + std::to_string(mine) + ", expected " + std::to_string(wanted));
    }
}

// Numbers of a type, and a layer whose weights are such.
template <class T>
struct TypedLayer {
    explicit TypedLayer(const Setting& s) : layer(layer_of(s)), weights(layer.weights), view(layer.view) {
        std::vector<float> rounded(layer.bias);
        for (float& value : rounded) value = float(T(value));
        layer.bias = rounded;
        view.bias = layer.bias.data(), view.weights = weights.data(), view.dtype = dtype_of<T>;
    }
    RandomLayer layer;
    GuardedArray<T> weights;
    LayerView view;
};

// All sides, with and without a residual, any batches of tiles and numbers of threads: the same bits.
template <class T>
void check_typed_winograd(WinogradSetting s) {
    const TypedLayer<T> layer(s.layer);
    LayerView view = layer.view;
    view.activation = Activation::none;
    view.extra_h = s.extra, view.extra_w = s.extra / 2;
    const Geometry g = geometry_of(view, s.layer.batch, s.layer.height, s.layer.width);
    if (g.out_h < 1 || g.out_w < 1) return;
    std::mt19937 random(seed + 1);
    const GuardedArray<T> x(random_floats(random, size_t(g.input_floats())));
    const std::vector<double> sums = reference_convolution(view, g, x.floats().data()).y;
    const GuardedArray<T> residual(random_floats(random, sums.size()));
    view.activation = s.layer.activation;
    const WinogradKernels<T, T>& kernels = winograd_kernels<T, T>();
    for (int tile = 0; tile < kernels.tile_count; ++tile) {
        for (bool with : {false, true}) {
            s.side = kernels.tiles[tile].side, s.residual = with, s.batch_rows = 1 << 20;
            const GuardedArray<T> first = run_threads(s, view, g, x, residual, 1);
            compare(s, sums, residual, first);
            for (const auto& [rows, threads] : {std::pair{1, 1u}, std::pair{2, 3u}, std::pair{1 << 20, 4u}}) {
                s.batch_rows = rows;
                const GuardedArray<T> y = run_threads(s, view, g, x, residual, threads);
                if (std::memcmp(first.data(), y.data(), y.size() * sizeof(T)) != 0)
                    fail(s, "differs with " + std::to_string(threads) + " threads");
            }
        }
    }
}

inline void check_winograd(const WinogradSetting& s) {
    if (s.layer.types == Types::fp32) return check_typed_winograd<float>(s);
    if (runs_half_kernels()) check_typed_winograd<Half>(s);
}

inline WinogradSetting usual_winograd(Types types) {
    WinogradSetting s;
    s.layer.types = types;
    s.layer.block_size = 0;
    s.layer.kernel_h = s.layer.kernel_w = 3;
    s.layer.pad = 1;
    return s;
}

}  // namespace ubp
