// What both walks of integers do alike: span after span and group after group, all quads of a start row, then the row
// that ends.
#pragma once

#include "kernels/integers/registers.h"

namespace ubp {
namespace {

// State: all_quads(count), dense_group(walk) and end_row<row>(out, next bias, factor) of a walk, set to the first
// group.
template <int N, Form form, bool aligned, class State>
UBP_INLINE void walk_rows(State& state, const IntegerWalk& walk) {
    constexpr bool each_row = form != Form::dense && !aligned;
    constexpr size_t element = State::element;
    const uint32_t* counts = walk.counts;
    const int32_t* bias = walk.bias + 4 * N;
    const float* factors = walk.factors;
    for (const Span<uint8_t>& span : walk.spans) {
        uint8_t* row = span.out;
        const size_t stride = element * span.stride;
        for (uint32_t left = span.groups; left != 0; --left) {
            if constexpr (form == Form::dense) state.dense_group(walk);
            else if constexpr (aligned) state.all_quads(*counts++);
            unroll<0, N>([&](auto s) UBP_LAMBDA {
                if constexpr (each_row) state.all_quads(counts[s]);
                state.template end_row<s>(row, bias, factors + s);
                row += stride;
                UBP_KEEP(row);
            });
            if constexpr (each_row) counts += N;
            UBP_KEEP(counts);
            bias += 4 * N;
            UBP_KEEP(bias);
            factors += N;
            UBP_KEEP(factors);
        }
    }
}

}  // namespace
}  // namespace ubp
