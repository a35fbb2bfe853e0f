// What both walks do alike: span after span and group after group, all blocks of a start row, then the row that ends.
#pragma once

#include "kernels/wros/wros_registers.h"

namespace ubp {
namespace {

// State: acc, all_blocks(count) and dense_group(walk) of a walk, set to the first group.
template <int N, Pattern pattern, class State, class T>
UBP_INLINE void walk_groups(State& state, const Walk<T>& walk) {
    const uint32_t* counts = walk.counts;
    const T* bias = walk.bias + lanes<T> * N;
    for (const Span<T>& span : walk.spans) {
        T* row = span.out;
        const size_t stride = span.stride;
        for (uint32_t left = span.groups; left != 0; --left) {
            if constexpr (pattern == Pattern::dense) state.dense_group(walk);
            if constexpr (pattern == Pattern::aligned) state.all_blocks(*counts++);
            using Acc = decltype(state.acc);
            constexpr bool once = pattern != Pattern::unaligned && Acc::together;  // read the clamp
            const typename Acc::Range of_group(walk);
            unroll<0, N>([&](auto s) UBP_LAMBDA {
                if constexpr (pattern == Pattern::unaligned) state.all_blocks(counts[s]);
                if constexpr (once) {
                    state.acc.template finish<s>(row, bias, of_group, walk);
                } else {
                    state.acc.template finish<s>(row, bias, typename Acc::Range(walk), walk);
                }
                row += stride;
                UBP_KEEP(row);
            });
            if constexpr (pattern == Pattern::unaligned) counts += N;
            UBP_KEEP(counts);
            bias += lanes<T> * N;
            UBP_KEEP(bias);
        }
    }
}

}  // namespace
}  // namespace ubp
