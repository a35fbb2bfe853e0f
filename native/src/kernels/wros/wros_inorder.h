// The WROS walk for in-order cores: while a block is multiplied, the inputs and weights of the next one are loaded into
// the registers that have just become free, one load between two multiply-adds. The stream of blocks does not stop at
// the end of a start row, so neither does this: the last block of a row loads the first block of the next.
#pragma once

#include "kernels/wros/walk_groups.h"
#include "kernels/wros/wros_registers.h"

namespace ubp {
namespace {

// N <= 8: the inputs roll (each is reloaded after its N multiply-adds), the weights alternate between two sets.
// N == 16: the weights roll (each vector is reloaded after its rows), the inputs alternate.
template <class T, int N, int V, int S, bool Clamp, Pattern pattern>
struct InorderWalk {
    using Acc = Accumulators<T, N, V, S, Clamp, false>;
    static constexpr int inputs = Acc::own_vectors;
    static constexpr bool roll_weights = N == 16;
    static constexpr int weight_sets = roll_weights ? 1 : 2, input_sets = roll_weights ? 2 : 1;

    Acc acc;
    Weights<T, N, N> w[weight_sets];
    Vector<T> in[input_sets][inputs > 0 ? inputs : 1];
    T single;                // input of the position that lies across the rows
    const uint16_t* column;  // of the block after the next
    const T* weights;        // of the next block
    const T* x;              // inputs of the next block
    const T* panel;
    const T* group_weights;  // of the next group; dense only

    UBP_INLINE const T* inputs_at(uint32_t column_index) const { return panel + size_t{column_index} * Acc::stride; }

    // Index of the block after the next. Dense: the panel is walked row by row, and no index is read.
    UBP_INLINE uint32_t next_index() { return pattern == Pattern::dense ? 0 : *column++; }

    UBP_INLINE const T* address_of(uint32_t index) const {
        return pattern == Pattern::dense ? x + Acc::stride : inputs_at(index);
    }

    // Loads the first block and points to the second.
    UBP_INLINE void start(const T* first, const T* second, const T* first_weights) {
        for (int j = 0; j < inputs; ++j) in[0][j] = load(first + lanes<T> * j);
        if constexpr (Acc::across) single = first[lanes<T> * V];
        w[0].load(first_weights);
        x = second;
        weights = first_weights + N;
    }

    // One block from set Set; the next one goes to the other set.
    template <int Set>
    UBP_INLINE void block() {
        if constexpr (roll_weights) {
            rolling_weights<Set>();
        } else {
            rolling_inputs<Set>();
        }
    }

    template <int Set>
    UBP_INLINE void rolling_inputs() {
        const T* after = nullptr;
        uint32_t index = 0;
        unroll<0, inputs>([&](auto j) UBP_LAMBDA {
            unroll<0, N>([&](auto i) UBP_LAMBDA {
                constexpr int slot = int(j) * N + int(i);
                acc.rows[i][j] = w[Set].template fma<i>(acc.rows[i][j], in[0][j]);
                if constexpr (slot == 0) index = next_index();
                if constexpr (slot == (inputs * N > 1 ? 1 : 0)) w[1 - Set].load(weights);
                if constexpr (slot == (inputs * N > 4 ? 4 : inputs * N - 1)) after = address_of(index);
                if constexpr (N > 1 && int(i) == 1 && int(j) > 0) in[0][int(j) - 1] = load(x + lanes<T> * (int(j) - 1));
                if constexpr (N == 1) in[0][j] = load(x + lanes<T> * int(j));
            });
        });
        if constexpr (N > 1 && inputs > 0) in[0][inputs - 1] = load(x + lanes<T> * (inputs - 1));
        if constexpr (Acc::across) across<Set, 1 - Set>();
        if constexpr (inputs == 0) {
            after = address_of(next_index());
            w[1 - Set].load(weights);
        }
        weights += N;
        x = after;
    }

    // The position that lies across the rows.
    template <int Set, int>
    UBP_INLINE void across() {
        unroll<0, N / Acc::lined_up>([&](auto q)
                                         UBP_LAMBDA { acc.last[q] = fma_scalar(acc.last[q], w[Set].v[q], single); });
        single = x[lanes<T> * V];
    }

    template <int Set>
    UBP_INLINE void rolling_weights() {
        const uint32_t index = next_index();
        constexpr int size = lanes<T>;
        unroll<0, N / size>([&](auto q) UBP_LAMBDA {
            unroll<0, size>([&](auto i) UBP_LAMBDA {
                constexpr int row = size * int(q) + int(i);
                unroll<0, inputs>([&](auto j) UBP_LAMBDA {
                    acc.rows[row][j] = w[0].template fma<row>(acc.rows[row][j], in[Set][j]);
                    if constexpr (row == 1) in[1 - Set][j] = load(x + lanes<T> * int(j));
                });
                if constexpr (int(i) == 1 && int(q) > 0) w[0].v[int(q) - 1] = load(weights + size * (int(q) - 1));
            });
            if constexpr (Acc::across) acc.last[q] = fma_scalar(acc.last[q], w[0].v[q], single);
        });
        w[0].v[N / size - 1] = load(weights + N - size);
        if constexpr (Acc::across) single = x[lanes<T> * V];
        weights += N;
        x = address_of(index);
    }

    UBP_INLINE void dense_group(const Walk<T>& walk) {
        start(walk.panel, walk.panel + Acc::stride, group_weights);
        all_blocks(walk.columns_total);
        group_weights += size_t{walk.columns_total} * N;
    }

    UBP_INLINE void all_blocks(uint32_t count) {
        for (uint32_t pairs = count / 2; pairs != 0; --pairs) {
            block<0>();
            block<1>();
            UBP_KEEP(weights);
            if constexpr (pattern != Pattern::dense) UBP_KEEP(column);
        }
        if (count & 1) {
            block<0>();
            if constexpr (weight_sets == 2) w[0] = w[1];
            if constexpr (input_sets == 2) {
                for (int j = 0; j < inputs; ++j) in[0][j] = in[1][j];
            }
        }
    }

    static void run(const Walk<T>& walk) {
        InorderWalk state;
        state.panel = walk.panel;
        state.acc.start(walk.bias);
        if constexpr (pattern != Pattern::dense) {
            state.start(state.inputs_at(walk.columns[0]), state.inputs_at(walk.columns[1]), walk.weights);
            state.column = walk.columns + 2;
        }
        state.group_weights = walk.weights;
        walk_groups<N, pattern>(state, walk);
    }
};

}  // namespace
}  // namespace ubp
