// The points at which the polynomials of F(M, 3) are evaluated: 0, +-1, +-q (and +-r where M is 6), and infinity. With
// one of them 1, a bias that is added to the product of the points (1, 1) arrives at every output of the tile.
#pragma once

namespace ubp {

template <int M>
struct WinogradPoints;

template <>
struct WinogradPoints<4> {
    static constexpr double q = 2.0, r = 0.0;
};

template <>
struct WinogradPoints<6> {
    static constexpr double q = 2.0, r = 0.5;
};

}  // namespace ubp
