// The registers of a micro-kernel of integers: accumulators, the weights of a quad, and four columns zipped to quads.
#pragma once

#include "kernels/integers/requantise.h"

namespace ubp {
namespace {

// Weights of one quad of N rows; dot<I> multiplies by those of row I.
template <int N>
struct QuadWeights {
    static constexpr int count = N < 4 ? 1 : N / 4;
    int8x16_t v[count];

    UBP_INLINE explicit QuadWeights(const int8_t* from) {
        unroll<0, count>([&](auto q) UBP_LAMBDA { v[q] = load_bytes<(N < 4 ? 4 * N : 16), 16 * q>(from); });
    }
    template <int I>
    UBP_INLINE int32x4_t dot(int32x4_t acc, int8x16_t x) const {
        return dot_lane<I % 4>(acc, x, v[I / 4]);
    }
};

// N rows by V vectors of sums.
template <int N, int V, Ending ending, bool Inorder>
struct Sums {
    int32x4_t rows[N][V];

    UBP_INLINE void start(const int32_t* bias) {
        unroll<0, N>([&](auto i) UBP_LAMBDA {
            for (int j = 0; j < V; ++j) rows[i][j] = load_bias<i>(bias);
        });
    }

    // The end of Count vectors of row Row, from the First-th on.
    template <int Row, int First, int Count>
    UBP_INLINE RowEnd<Count, ending, Inorder> begin_end(const Limits<ending, Inorder>& limits) const {
        RowEnd<Count, ending, Inorder> end;
        end.begin(rows[Row] + First, limits);
        return end;
    }
    // Begins the row that is N further down than row Row, in the same registers.
    template <int Row>
    UBP_INLINE void begin_next(const int32_t* next_bias) {
        for (int j = 0; j < V; ++j) rows[Row][j] = load_bias<Row>(next_bias);
    }
};

// Four columns of up to 16 positions on their way to quads: raw, by pairs, by fours.
template <int V>
struct Zipper {
    static constexpr int bytes = V >= 3 ? 16 : 4 * V;
    int8x16_t column[4];
    int8x16_t pair[4];

    // Column C, Offset bytes behind a pointer.
    template <int C, int Offset>
    UBP_INLINE void load(const int8_t* from) {
        column[C] = load_bytes<bytes, Offset>(from);
    }
    // P: first and second columns, then third and fourth ones; their first eight positions, then the others.
    static constexpr int pair_count = V > 2 ? 4 : 2;
    template <int P>
    UBP_INLINE void zip_pair() {
        if constexpr (P < 2) pair[P] = vzip1q_s8(column[2 * P], column[2 * P + 1]);
        else pair[P] = vzip2q_s8(column[2 * P - 4], column[2 * P - 3]);
    }
    template <int J>
    UBP_INLINE int8x16_t zipped() const {
        const int16x8_t a = vreinterpretq_s16_s8(pair[J / 2 * 2]), b = vreinterpretq_s16_s8(pair[J / 2 * 2 + 1]);
        return vreinterpretq_s8_s16(J % 2 == 0 ? vzip1q_s16(a, b) : vzip2q_s16(a, b));
    }
};

}  // namespace
}  // namespace ubp
