#include "operator/winograd/winograd_weights.h"

#include <vector>

#include "kernels/winograd/points.h"
#include "kernels/wros/walk.h"
#include "operator/prepared_layer.h"

namespace ubp {
namespace {

constexpr int most_reach = 8;

// G [side + 2][3]: the row of a point x is (1, x, x^2) over the product of its distances from the other points; that of
// infinity is (0, 0, 1). The input transform has the polynomials without these denominators.
struct WeightTransform {
    int reach;
    double g[most_reach][3];

    explicit WeightTransform(int side) : reach(side + 2) {
        const double q = side == 4 ? WinogradPoints<4>::q : WinogradPoints<6>::q, r = WinogradPoints<6>::r;
        const double points[] = {0, 1, -1, q, -q, r, -r};
        const int finite = reach - 1;
        for (int i = 0; i < finite; ++i) {
            double distances = 1;
            for (int j = 0; j < finite; ++j) distances *= j == i ? 1 : points[i] - points[j];
            g[i][0] = 1 / distances, g[i][1] = points[i] / distances, g[i][2] = points[i] * points[i] / distances;
        }
        g[finite][0] = g[finite][1] = 0, g[finite][2] = 1;
    }

    // Element i of what three weights become.
    double at(int i, double a, double b, double c) const { return g[i][0] * a + g[i][1] * b + g[i][2] * c; }
};

}  // namespace

AlignedBuffer winograd_weights(const LayerView& layer, int side) {
    const PreparedLayer<float> dense = prepare_dense<float>(layer);
    const WeightTransform transform(side);
    const int reach = transform.reach;
    const size_t channels = layer.in_channels, element = size_t{dense.groups} * channels * dense_rows;
    AlignedBuffer made(size_t(reach * reach) * element + 2 * dense_rows);
    for (size_t r = 0; r < layer.rows; ++r) {
        for (size_t c = 0; c < channels; ++c) {
            const size_t first = (r / dense_rows * layer.columns + 9 * c) * dense_rows + r % dense_rows;
            const auto weight = [&](int i, int j) { return dense.weights[first + size_t(3 * i + j) * dense_rows]; };
            float* to = made.data() + (r / dense_rows * channels + c) * dense_rows + r % dense_rows;
            double columns[most_reach][3];
            for (int i = 0; i < reach; ++i) {
                for (int j = 0; j < 3; ++j) columns[i][j] = transform.at(i, weight(0, j), weight(1, j), weight(2, j));
            }
            for (int i = 0; i < reach; ++i) {
                for (int j = 0; j < reach; ++j, to += element)
                    *to = float(transform.at(j, columns[i][0], columns[i][1], columns[i][2]));
            }
        }
    }
    return made;
}

}  // namespace ubp
