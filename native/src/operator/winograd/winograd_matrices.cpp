#include "operator/winograd/winograd_matrices.h"

#include <algorithm>
#include <cmath>

#include "kernels/winograd/points.h"

namespace ubp {
namespace {

// Sum of the sizes of the factors of the polynomial with these roots, but root `without` (none: -1).
double size_of_polynomial(const double* roots, int count, int without) {
    std::vector<double> factors{1};
    for (int j = 0; j < count; ++j) {
        if (j == without) continue;
        factors.push_back(0);
        for (size_t k = factors.size() - 1; k > 0; --k) factors[k] = factors[k - 1] - roots[j] * factors[k];
        factors[0] *= -roots[j];
    }
    double sum = 0;
    for (double factor : factors) sum += std::fabs(factor);
    return sum;
}

}  // namespace

// G [reach][3]: the row of a point x is (1, x, x^2) over the product of its distances from the other points; that of
// infinity is (0, 0, 1). The input transform has the polynomials without these denominators, and A^T [side][reach] the
// powers of the points.
WinogradMatrices::WinogradMatrices(int side) : side(side), reach(side + 2), g_{}, a_{}, input_growth_{} {
    using Four = WinogradPoints<4>;
    using Six = WinogradPoints<6>;
    const double p = side == 4 ? Four::p : Six::p, q = side == 4 ? Four::q : Six::q, r = Six::r;
    const double points[] = {0, p, -p, q, -q, r, -r};
    const int finite = reach - 1;
    for (int i = 0; i < finite; ++i) {
        double distances = 1;
        for (int j = 0; j < finite; ++j) distances *= j == i ? 1 : points[i] - points[j];
        for (int k = 0; k < 3; ++k) g_[i][k] = std::pow(points[i], k) / distances;
        for (int k = 0; k < side; ++k) a_[k][i] = std::pow(points[i], k);
        input_growth_[i] = size_of_polynomial(points, finite, i);
    }
    g_[finite][2] = a_[side - 1][finite] = 1;
    input_growth_[finite] = size_of_polynomial(points, finite, -1);
}

double WinogradMatrices::output(int i, const double* elements) const {
    double sum = 0;
    for (int k = 0; k < reach; ++k) sum += std::fabs(a_[i][k]) * elements[k];
    return sum;
}

// Sums and differences of a point and its opposite come first, in full size.
double WinogradMatrices::largest_step(const double* elements) const {
    double largest = std::max(elements[0], elements[reach - 1]);
    for (int k = 1; k + 1 < reach; k += 2) largest = std::max(largest, elements[k] + elements[k + 1]);
    return largest;
}

double WinogradMatrices::output_bound(const std::vector<double>& products, int damping) const {
    double largest = 0, parts[most_reach - 2][most_reach];
    for (int j = 0; j < reach; ++j) {
        double column[most_reach];
        for (int i = 0; i < reach; ++i) column[i] = products[size_t(i * reach + j)];
        largest = std::max(largest, largest_step(column));
        for (int i = 0; i < side; ++i) parts[i][j] = output(i, column) / damping;
    }
    for (int i = 0; i < side; ++i) {
        largest = std::max(largest, largest_step(parts[i]));
        for (int k = 0; k < side; ++k) largest = std::max(largest, output(k, parts[i]) / damping);
    }
    return largest;
}

}  // namespace ubp
