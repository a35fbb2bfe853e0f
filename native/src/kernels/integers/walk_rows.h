// What both walks of integers do alike: span after span and group after group, all quads of a start row, then the row
// that ends.
#pragma once

#include "kernels/integers/registers.h"

namespace ubp {
namespace {

// Calls body(Index<i>) for the i that is `number`, Begin to End - 1.
template <int Begin, int End, class Body>
UBP_INLINE void choose(uint32_t number, const Body& body) {
    if constexpr (End - Begin == 1) {
        body(Index<Begin>{});
    } else {
        constexpr int middle = (Begin + End) / 2;
        if (number < middle) choose<Begin, middle>(number, body);
        else choose<middle, End>(number, body);
    }
}

// Calls one_row(Index<s>) for the N start rows of a group: `rolled`: by a loop, so that the code for their quads is
// there once.
template <int N, bool rolled, class Body>
UBP_INLINE void for_each_start(const Body& one_row) {
    if constexpr (!rolled) {
        unroll<0, N>(one_row);
    } else {
        uint32_t s = 0;
        UBP_KEEP(s);
        do {
            one_row(s);
            ++s;
            UBP_KEEP(s);
        } while (s != N);
    }
}

// State: all_quads(count), dense_group(walk) and end_row<row>(out, next bias, factor) of a walk, set to the first
// group.
template <int N, Form form, bool aligned, bool rolled, class State>
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
            for_each_start<N, rolled && each_row>([&](auto s) UBP_LAMBDA {
                if constexpr (each_row) state.all_quads(counts[s]);
                const auto end = [&](auto i) UBP_LAMBDA { state.template end_row<i>(row, bias, factors + s); };
                if constexpr (rolled && each_row) choose<0, N>(s, end);
                else end(s);
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
