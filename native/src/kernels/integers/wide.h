// The walk of integers for out-of-order cores: loads, then their arithmetic, and nothing carried over from quad to
// quad.
#pragma once

#include "kernels/integers/walk_rows.h"

namespace ubp {
namespace {

template <int N, int V, Form form, bool aligned, Ending ending, bool rolled>
struct IntegerWideWalk {
    static constexpr int unrolled = form == Form::zipped ? 1 : (N <= 2 ? 4 : 2);  // quads per iteration

    static constexpr bool resident = N * V <= 16;  // the limits have registers throughout; else each row loads them

    static constexpr size_t element = bytes_of_result(ending);

    Sums<N, V, ending, false> sums;
    Limits<ending, false> limits;
    const ByteLimits* limits_again;
    const uint16_t* columns;
    const int8_t* weights;
    const int8_t* panel;

    // Vectors First to First + Count - 1 of all rows; without the dot product row by row, so that only one row's
    // weights are spread over a register.
    template <int First, int Count>
    UBP_INLINE void multiply(const QuadWeights<N>& w, const int8x16_t* in) {
        const auto one = [&](auto i, auto j) UBP_LAMBDA {
            sums.rows[i][First + j] = w.template dot<i>(sums.rows[i][First + j], in[j]);
        };
#if defined(__ARM_FEATURE_DOTPROD)
        unroll<0, Count>([&](auto j) UBP_LAMBDA { unroll<0, N>([&](auto i) UBP_LAMBDA { one(i, j); }); });
#else
        unroll<0, N>([&](auto i) UBP_LAMBDA { unroll<0, Count>([&](auto j) UBP_LAMBDA { one(i, j); }); });
#endif
    }

    // The next quad; Q: its number in this iteration.
    template <int Q>
    UBP_INLINE void zipped_quad(const QuadWeights<N>& w) {
        const int8_t* from[quad];
        for (uint32_t c = 0; c < quad; ++c) from[c] = panel + size_t{columns[quad * Q + c]} * zipped_stride(V);
        unroll<0, (V + 3) / 4>([&](auto part) UBP_LAMBDA {
            constexpr int first = 4 * int(part), count = V - first < 4 ? V - first : 4;
            Zipper<count> zipper;
            unroll<0, 4>([&](auto c) UBP_LAMBDA { zipper.template load<c, 4 * first>(from[c]); });
            unroll<0, zipper.pair_count>([&](auto p) UBP_LAMBDA { zipper.template zip_pair<p>(); });
            int8x16_t in[count];
            unroll<0, count>([&](auto j) UBP_LAMBDA { in[j] = zipper.template zipped<j>(); });
            multiply<first, count>(w, in);
        });
    }

    template <int Q>
    UBP_INLINE void neighbours_quad(const QuadWeights<N>& w) {
        const size_t index = form == Form::dense ? size_t(Q) : size_t{columns[Q]};
        int8x16_t in[V];
        load_together<V>(in, panel + index * (16 * V));
        multiply<0, V>(w, in);
    }

    template <int Count>
    UBP_INLINE void quads() {
        unroll<0, Count>([&](auto q) UBP_LAMBDA {
            const QuadWeights<N> w(weights + 4 * N * q);
            if constexpr (form == Form::zipped) zipped_quad<q>(w);
            else neighbours_quad<q>(w);
        });
        if constexpr (form == Form::dense) {
            panel += Count * 16 * V;
        } else {
            columns += Count * (form == Form::zipped ? quad : 1);
            UBP_KEEP(columns);
        }
        weights += Count * 4 * N;
        UBP_KEEP(weights);
    }

    UBP_INLINE void dense_group(const IntegerWalk& walk) {
        panel = walk.panel;
        all_quads(walk.quads_total);
    }

    UBP_INLINE void all_quads(uint32_t count) {
        for (uint32_t left = count / unrolled; left != 0; --left) quads<unrolled>();
        if constexpr (unrolled >= 4) {
            if (count & 2) quads<2>();
        }
        if constexpr (unrolled >= 2) {
            if (count & 1) quads<1>();
        }
    }

    template <int Row>
    UBP_INLINE void end_row(uint8_t* out, const int32_t* next_bias, const float* factor) {
        const Limits<ending, false> now = resident ? limits : Limits<ending, false>(*limits_again);
        unroll<0, (V + 3) / 4>([&](auto q) UBP_LAMBDA {
            constexpr int first = 4 * int(q), count = V - first < 4 ? V - first : 4;
            auto end = sums.template begin_end<Row, first, count>(now);
            end.run_all(*factor, now);
            end.store(out + 4 * first * element);
        });
        sums.template begin_next<Row>(next_bias);
    }

    static void run(const IntegerWalk& walk) {
        IntegerWideWalk state{{}, Limits<ending, false>(walk.limits), &walk.limits, nullptr, nullptr, nullptr};
        state.columns = walk.columns;
        state.weights = walk.weights;
        state.panel = walk.panel;
        state.sums.start(walk.bias);
        walk_rows<N, form, aligned, rolled>(state, walk);
    }
};

}  // namespace
}  // namespace ubp
