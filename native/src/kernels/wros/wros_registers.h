// The registers of a WROS micro-kernel: accumulators, the inputs of a block, the weights of a block, and what is done
// with them once per output row. The walk itself is in wros_wide.h and wros_inorder.h.
#pragma once

#include "kernels/loads.h"
#include "kernels/wros/walk.h"

namespace ubp {
namespace {

// Which start rows have blocks: any, every N-th, or (dense) every N-th with a block in every column.
enum class Pattern { unaligned, aligned, dense };

// Count weights of blocks of N rows, in registers; fma<E> multiplies by the one of row E % N. Those of a block of four
// rows have registers of their own, so that `vector` is the weights of a block.
template <class T, int N, int Count>
struct Weights {
    static constexpr int size = N == 4 ? 4 : (Count < lanes<T> ? Count : lanes<T>), count = Count / size;
    typename Register<T, size>::type v[count];

    UBP_INLINE void load(const T* from) {
        for (int q = 0; q < count; ++q) v[q] = Register<T, size>::load(from + size * q);
    }
    UBP_INLINE void load_as_group(const T* from) {
        if constexpr (size == lanes<T>) {
            load_together<count>(v, from);
        } else if constexpr (size == 4) {
            Register<T, size>::template load_group<count>(v, from);
        } else {
            load(from);
        }
    }
    UBP_INLINE typename Register<T, size>::type vector(int q) const { return v[q]; }
    template <int E>
    UBP_INLINE Vector<T> fma(Vector<T> acc, Vector<T> x) const {
        return fma_lane<E % size>(acc, x, v[E / size]);
    }
};

// Accumulators of N rows by V vectors (+ S) positions. The single position (S = 1) of N >= 4 rows lies across the rows:
// one register for `lined_up` rows, so that it costs N / lined_up multiply-adds per block and not N. Together: wide
// cores, whose kernels have no value in a register beside the accumulators where a row ends.
template <class T, int N, int V, int S, bool Clamp, bool Together>
struct Accumulators {
    static constexpr bool together = Together;
    static constexpr bool across = S == 1 && N >= 4;
    static constexpr int own_vectors = V + (S == 1 && !across ? 1 : 0);  // per row
    static constexpr int stride = lanes<T> * (V + S);                    // elements per panel row
    static constexpr int lined_up = N < lanes<T> ? (N < 4 ? 4 : N) : lanes<T>;
    using Lined = typename Register<T, lined_up>::type;

    Vector<T> rows[N][own_vectors > 0 ? own_vectors : 1];
    Lined last[across ? N / lined_up : 1];

    UBP_INLINE void start(const T* bias) {
        for (Lined& v : last) v = Lined{};
        unroll<0, N>([&](auto i) UBP_LAMBDA {
            for (int j = 0; j < own_vectors; ++j) rows[i][j] = load(bias + lanes<T> * i);
        });
        if constexpr (across) {
            unroll<0, N>([&](auto i) UBP_LAMBDA {
                last[i / lined_up] = load_lane<i % lined_up>(bias + lanes<T> * i, last[i / lined_up]);
            });
        }
    }

    // The clamp, read for the rows that end next.
    struct Range {
        Vector<T> low, high;

        UBP_INLINE explicit Range(const Walk<T>& walk) {
            if constexpr (Clamp) low = spread_one(&walk.low), high = spread_one(&walk.high);
        }
        UBP_INLINE Vector<T> clamp(Vector<T> v) const {
            if constexpr (Clamp) return lesser(greater(v, low), high);
            return v;
        }
    };

    // The position that lies across the rows; its register may be half a vector.
    static UBP_INLINE Lined clamp_last(Lined v, const Range& range, const Walk<T>& walk) {
        if constexpr (lined_up == lanes<T>) {
            return range.clamp(v);
        } else if constexpr (Clamp) {
            return lesser(greater(v, spread_like(v, &walk.low)), spread_like(v, &walk.high));
        } else {
            return v;
        }
    }

    static UBP_INLINE void store_row(T* out, const Vector<T>* done) {
        if constexpr (Together && Clamp) {
            store_together<V>(out, done);
        } else {
            for (int j = 0; j < V; ++j) {
                Together ? store_alone(out + lanes<T> * j, done[j]) : store(out + lanes<T> * j, done[j]);
            }
        }
    }

    // Stores row Row of the group and starts the row that is N further down, which takes over its registers.
    template <int Row>
    UBP_INLINE void finish(T* out, const T* next_bias, const Range& range, const Walk<T>& walk) {
        Vector<T> done[own_vectors > 0 ? own_vectors : 1];
        for (int j = 0; j < own_vectors; ++j) done[j] = range.clamp(rows[Row][j]);
        store_row(out, done);
        if constexpr (S == 1 && !across) store_lane<0>(out + lanes<T> * V, done[V]);
        for (int j = 0; j < own_vectors; ++j) {  // half loads, half copies: stores and loads share their ports
            const bool loaded = Together ? j == 0 : j % 2 == 0;
            rows[Row][j] = loaded ? load_again<Row>(next_bias) : rows[Row][j - 1];
        }
        if constexpr (across) {
            constexpr int q = Row / lined_up, lane = Row % lined_up;
            store_lane<lane>(out + lanes<T> * V, clamp_last(last[q], range, walk));
            last[q] = load_lane<lane>(next_bias + lanes<T> * Row, last[q]);
        }
    }
};

}  // namespace
}  // namespace ubp
