// The one-dimensional transforms of F(M, 3): a tile's are these on its columns, then on its rows. The weights' are in
// operator/winograd/winograd_matrices.cpp. A: float or Half.
#pragma once

#include "kernels/loads.h"
#include "kernels/winograd/points.h"

namespace ubp {
namespace {

template <int M, class A>
struct Transform;

// Products by an even and an odd part serve a point and its opposite.
template <class A>
UBP_INLINE void add_and_subtract(Vector<A> even, Vector<A> odd, double point, Vector<A>* out) {
    out[0] = fma_scalar(even, odd, A(point));
    out[1] = fma_scalar(even, odd, A(-point));
}

template <class A>
struct Transform<4, A> {
    using V = Vector<A>;
    using P = WinogradPoints<4>;
    static constexpr double a = P::p * P::p, b = P::q * P::q;

    // z^4 - (a + b) z^2 + a b, the polynomial of 0 and, a place further, of infinity.
    static UBP_INLINE V end(const V* d) { return fma_scalar(fma_scalar(d[4], d[2], A(-(a + b))), d[0], A(a * b)); }

    static UBP_INLINE void input(const V* d, V* out) {
        const auto pair = [&](double point, double other, V* to) UBP_LAMBDA {
            const V even = fma_scalar(d[4], d[2], A(-other)), odd = fma_scalar(d[3], d[1], A(-other));
            add_and_subtract<A>(even, odd, point, to);
        };
        out[0] = end(d);
        pair(P::p, b, out + 1);
        pair(P::q, a, out + 3);
        out[5] = end(d + 1);
    }

    // All of it over Damping.
    template <int Damping>
    static UBP_INLINE void output(const V* m, V* out) {
        constexpr double d = 1.0 / Damping;
        const V sum = plus(m[1], m[2]), difference = minus(m[1], m[2]);
        const V sum_q = plus(m[3], m[4]), difference_q = minus(m[3], m[4]);
        const V first = damped<Damping>(m[0]), last = damped<Damping>(m[5]);
        if constexpr (Damping == 1) out[0] = plus(plus(first, sum), sum_q);
        else out[0] = fma_scalar(fma_scalar(first, sum, A(d)), sum_q, A(d));
        out[1] = fma_scalar(times_scalar(difference, A(P::p * d)), difference_q, A(P::q * d));
        out[2] = fma_scalar(times_scalar(sum, A(a * d)), sum_q, A(b * d));
        out[3] = fma_scalar(fma_scalar(last, difference, A(P::p * a * d)), difference_q, A(P::q * b * d));
    }

private:
    template <int Damping>
    static UBP_INLINE V damped(V v) {
        if constexpr (Damping == 1) return v;
        else return times_scalar(v, A(1.0f / Damping));
    }
};

template <class A>
struct Transform<6, A> {
    using V = Vector<A>;
    using P = WinogradPoints<6>;
    static_assert(P::p == 1.0, "products by it are left out");
    static constexpr double a = P::q * P::q, b = P::r * P::r;

    // Of the point p with the other two squares s and t: even d6 - (s + t) d4 + s t d2, odd d5 - (s + t) d3 + s t d1.
    static UBP_INLINE void pair(const V* d, double s, double t, double p, V* out) {
        const A sum = A(-(s + t)), product = A(s * t);
        const V even = fma_scalar(fma_scalar(d[6], d[4], sum), d[2], product);
        const V odd = fma_scalar(fma_scalar(d[5], d[3], sum), d[1], product);
        add_and_subtract<A>(even, odd, p, out);
    }

    // d[6] - e1 d[4] + e2 d[2] - e3 d[0], with the elementary symmetric functions of the three squares.
    static UBP_INLINE V end(const V* d) {
        const A e1 = A(-(1 + a + b)), e2 = A(a + b + a * b), e3 = A(-(a * b));
        return fma_scalar(fma_scalar(fma_scalar(d[6], d[4], e1), d[2], e2), d[0], e3);
    }

    static UBP_INLINE void input(const V* d, V* out) {
        out[0] = end(d);
        pair(d, a, b, P::p, out + 1);
        pair(d, 1, b, P::q, out + 3);
        pair(d, 1, a, P::r, out + 5);
        out[7] = end(d + 1);
    }

    static UBP_INLINE V weigh(V one, V at_q, V at_r, double q, double r) {
        return fma_scalar(fma_scalar(one, at_q, A(q)), at_r, A(r));
    }

    template <int Damping>
    static UBP_INLINE void output(const V* m, V* out) {
        static_assert(Damping == 1, "F(6) rounds too much for fp16");
        const V sum = plus(m[1], m[2]), difference = minus(m[1], m[2]);
        const V sum_q = plus(m[3], m[4]), difference_q = minus(m[3], m[4]);
        const V sum_r = plus(m[5], m[6]), difference_r = minus(m[5], m[6]);
        out[0] = plus(plus(m[0], sum), plus(sum_q, sum_r));
        out[1] = weigh(difference, difference_q, difference_r, P::q, P::r);
        out[2] = weigh(sum, sum_q, sum_r, a, b);
        out[3] = weigh(difference, difference_q, difference_r, P::q * a, P::r * b);
        out[4] = weigh(sum, sum_q, sum_r, a * a, b * b);
        out[5] = weigh(plus(difference, m[7]), difference_q, difference_r, P::q * a * a, P::r * b * b);
    }
};

}  // namespace
}  // namespace ubp
