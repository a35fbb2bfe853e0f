// The points at which the polynomials of F(M, 3) are evaluated: 0, +-p, +-q (and +-r where M is 6), and infinity. All
// that is made of them is exact in fp16. Of dyadic points these round least: F(4) half as much as by 1 and 2.
#pragma once

#include "ubp/dtype.h"

namespace ubp {

template <int M>
struct WinogradPoints;

template <>
struct WinogradPoints<4> {
    static constexpr double p = 0.75, q = 1.5, r = 0.0;
};

template <>
struct WinogradPoints<6> {
    static constexpr double p = 1.0, q = 2.0, r = 0.5;
};

// What the output transform divides columns and rows by: else products that fill the range of fp16 would leave it
// there.
template <class A>
constexpr int winograd_damping = 1;
template <>
inline constexpr int winograd_damping<Half> = 8;

}  // namespace ubp
