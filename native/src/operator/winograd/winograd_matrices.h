// The matrices of F(M, 3) in double precision, and how far sums can grow by them.
#pragma once

#include <vector>

namespace ubp {

struct WinogradMatrices {
    static constexpr int most_reach = 8;

    int side, reach;

    explicit WinogradMatrices(int side);
    int elements() const { return reach * reach; }

    // Element i of what three weights become.
    double weight(int i, double a, double b, double c) const { return g_[i][0] * a + g_[i][1] * b + g_[i][2] * c; }

    // The largest that element i of inputs, or any sum on the way to it, can be where no input exceeds 1.
    double input_growth(int i) const { return input_growth_[i]; }

    // The largest of all products, outputs and sums on the way from these to those, where a tile's products are at most
    // `products`, and both what columns become and what rows become is divided by `damping`.
    double output_bound(const std::vector<double>& products, int damping) const;

private:
    double g_[most_reach][3];
    double a_[most_reach - 2][most_reach];
    double input_growth_[most_reach];

    double largest_step(const double* elements) const;
    double output(int i, const double* elements) const;
};

}  // namespace ubp
