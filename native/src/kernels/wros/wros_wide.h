// The WROS walk for out-of-order cores: loads of a few blocks ahead of their arithmetic, no registers carried over from
// block to block, so that the front end spends as few micro-operations as possible on everything but multiply-adds.
#pragma once

#include "kernels/wros/walk_groups.h"
#include "kernels/wros/wros_registers.h"

namespace ubp {
namespace {

#if defined(__aarch64__)
template <class T, int N, int Count>
using StreamedWeights = Weights<T, N, Count>;
#else
// x86 multiplies by a weight that it spreads from memory: held in registers, the spread weights would push out
// accumulators.
template <class T, int N, int Count>
struct StreamedWeights {
    static constexpr int size = Weights<T, N, Count>::size;
    const T* from;

    UBP_INLINE void load_as_group(const T* weights) { from = weights; }
    UBP_INLINE typename Register<T, size>::type vector(int q) const { return Register<T, size>::load(from + size * q); }
    template <int E>
    UBP_INLINE Vector<T> fma(Vector<T> acc, Vector<T> x) const {
        return fma_scalar(acc, x, from[E]);
    }
};
#endif

template <class T, int N, int V, int S, bool Clamp, Pattern pattern>
struct WideWalk {
    using Acc = Accumulators<T, N, V, S, Clamp, true>;
    // Dense and one vector wide: the inputs of consecutive columns are one load.
    static constexpr bool joined = pattern == Pattern::dense && V == 1 && S == 0;
    static constexpr int unrolled = N == 1 ? 8 : (N <= 4 || joined ? 4 : 2);  // blocks per iteration

    Acc acc;
    const uint16_t* columns;
    const T* weights;
    const T* panel;

    // Panel row of the b-th next block.
    UBP_INLINE size_t index_of(int b) const {
        if constexpr (pattern == Pattern::dense) return size_t(b);
        size_t index = columns[b];
#if !defined(__aarch64__)
        UBP_KEEP(index);  // else the indices of an iteration are computed in a vector and taken out of it one by one
#endif
        return index;
    }

    // All rows by all vectors; x86 takes the rows in turn, so that only one spread weight is alive.
    template <int Block, class W>
    UBP_INLINE void multiply(const W& w, const Vector<T>* in) {
        const auto one = [&](auto i, auto j)
                             UBP_LAMBDA { acc.rows[i][j] = w.template fma<Block * N + int(i)>(acc.rows[i][j], in[j]); };
#if defined(__aarch64__)
        unroll<0, Acc::own_vectors>([&](auto j) UBP_LAMBDA { unroll<0, N>([&](auto i) UBP_LAMBDA { one(i, j); }); });
#else
        unroll<0, N>([&](auto i) UBP_LAMBDA { unroll<0, Acc::own_vectors>([&](auto j) UBP_LAMBDA { one(i, j); }); });
#endif
    }

    template <int Count>
    UBP_INLINE void blocks() {
        StreamedWeights<T, N, Count * N> w;
        w.load_as_group(weights);
        Vector<T> joint[joined ? Count : 1];
        if constexpr (joined) load_together<Count>(joint, panel);
        unroll<0, Count>([&](auto b) UBP_LAMBDA {
            if constexpr (joined) return multiply<int(b)>(w, joint + int(b));
            const T* x = panel + index_of(b) * Acc::stride;
            Vector<T> in[V + S];
            load_together<V>(in, x);
            if constexpr (S == 1 && !Acc::across) in[V] = load(x + lanes<T> * V);
            multiply<int(b)>(w, in);
            if constexpr (Acc::across) {
                const T single = x[lanes<T> * V];
                constexpr int lined = N / Acc::lined_up;
                unroll<0, lined>([&](auto q) UBP_LAMBDA {
                    acc.last[q] = fma_scalar(acc.last[q], w.vector(int(b) * lined + int(q)), single);
                });
            }
        });
        if constexpr (pattern == Pattern::dense) {
            panel += Count * Acc::stride;
        } else {
            columns += Count;
            UBP_KEEP(columns);
        }
        weights += Count * N;
        UBP_KEEP(weights);
    }

    UBP_INLINE void dense_group(const Walk<T>& walk) {
        panel = walk.panel;
        all_blocks(walk.columns_total);
    }

    UBP_INLINE void all_blocks(uint32_t count) {
        for (uint32_t left = count / unrolled; left != 0; --left) blocks<unrolled>();
        if constexpr (unrolled >= 8) {
            if (count & 4) blocks<4>();
        }
        if constexpr (unrolled >= 4) {
            if (count & 2) blocks<2>();
        }
        if constexpr (unrolled >= 2) {
            if (count & 1) blocks<1>();
        }
    }

    static void run(const Walk<T>& walk) {
        WideWalk state;
        state.columns = walk.columns;
        state.weights = walk.weights;
        state.panel = walk.panel;
        state.acc.start(walk.bias);
        walk_groups<N, pattern>(state, walk);
    }
};

}  // namespace
}  // namespace ubp
