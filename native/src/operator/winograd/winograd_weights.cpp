#include "operator/winograd/winograd_weights.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/winograd/points.h"
#include "kernels/wros/walk.h"
#include "operator/prepared_layer.h"
#include "operator/winograd/winograd_matrices.h"
#include "operator/winograd/winograd_plan.h"

namespace ubp {
namespace {

// The weights of one row, [elements][C].
class RowWeights {
public:
    RowWeights(const WinogradMatrices& matrices, size_t channels)
        : matrices_(matrices), channels_(channels), values_(size_t(matrices.elements()) * channels) {}

    // `first`: of nine weights, `step` elements apart, and of the same of the next channels behind them.
    void transform(const float* first, size_t step) {
        const int reach = matrices_.reach;
        for (size_t c = 0; c < channels_; ++c, first += 9 * step) {
            double columns[WinogradMatrices::most_reach][3];
            for (int i = 0; i < reach; ++i) {
                for (int j = 0; j < 3; ++j)
                    columns[i][j] = matrices_.weight(i, first[j * step], first[(3 + j) * step], first[(6 + j) * step]);
            }
            for (int e = 0; e < matrices_.elements(); ++e) {
                const double* const row = columns[e / reach];
                values_[size_t(e) * channels_ + c] = matrices_.weight(e % reach, row[0], row[1], row[2]);
            }
        }
    }

    double at(int element, size_t channel) const { return values_[size_t(element) * channels_ + channel]; }

    // What the sums of the element can't exceed where no input exceeds 1.
    double bound(int element) const {
        double sum = 0;
        for (size_t c = 0; c < channels_; ++c) sum += std::fabs(at(element, c));
        return sum * matrices_.input_growth(element / matrices_.reach) *
               matrices_.input_growth(element % matrices_.reach);
    }

private:
    const WinogradMatrices& matrices_;
    const size_t channels_;
    std::vector<double> values_;
};

// The largest power of two by which the row's weights may be multiplied, as an exponent. A row of zeros has any.
int exponent_of(const WinogradMatrices& matrices, const RowWeights& row, int damping) {
    constexpr double most = 48000;               // of 65504: sums are rounded on their way
    constexpr int smallest = -14, largest = 15;  // of what the output is multiplied by, as normal numbers
    const int of_damping = 2 * int(std::log2(damping));
    std::vector<double> bounds(size_t(matrices.elements()));
    for (int e = 0; e < matrices.elements(); ++e) bounds[size_t(e)] = row.bound(e);
    const double bound = winograd_largest_input * matrices.output_bound(bounds, damping);
    const double room = bound > 0 ? std::floor(std::log2(most / bound)) : 0;
    return int(std::clamp(room, double(of_damping - largest), double(of_damping - smallest)));
}

}  // namespace

template <class A>
WinogradWeights<A> winograd_weights(const LayerView& layer, int side) {
    constexpr int damping = winograd_damping<A>;
    const PreparedLayer<float> dense = prepare_dense<float>(layer);
    const WinogradMatrices matrices(side);
    const size_t part = size_t(winograd_part<A>(layer.in_channels)), channels = layer.in_channels,
                 element = size_t{dense.groups} * channels * dense_rows;
    WinogradWeights<A> made{AlignedArray<A>(size_t(matrices.elements()) * element + 2 * dense_rows),
                            AlignedArray<A>(layer.rows)};
    RowWeights row(matrices, channels);
    for (size_t r = 0; r < layer.rows; ++r) {
        const size_t group = r / dense_rows, within = r % dense_rows;
        row.transform(dense.weights + group * layer.columns * dense_rows + within, dense_rows);
        const int exponent = damping == 1 ? 0 : exponent_of(matrices, row, damping);
        made.scale.data()[r] = A(float(std::ldexp(double(damping * damping), -exponent)));
        for (int e = 0; e < matrices.elements(); ++e) {
            A* const to = made.elements.data() + size_t(e) * element + within;
            for (size_t c = 0; c < channels; ++c) {
                const size_t first = c / part * part, count = std::min(part, channels - first);
                const size_t place = first * dense.groups + group * count + c - first;
                to[place * dense_rows] = A(float(std::ldexp(row.at(e, c), exponent)));
            }
        }
    }
    return made;
}

template WinogradWeights<float> winograd_weights(const LayerView&, int);
template WinogradWeights<Half> winograd_weights(const LayerView&, int);

}  // namespace ubp
