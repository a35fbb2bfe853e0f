// The walk of integers for in-order cores: all loads of a quad together, then its arithmetic, since loads and
// arithmetic by turns would wait for each other's results. Addresses are found a quad ahead, and columns that lie apart
// are zipped while the quad before is multiplied. The stream of quads does not stop at the end of a start row, so
// neither does this; the sums of a row become bytes between the dot products of the next row's first quad.
#pragma once

#include <algorithm>

#include "kernels/integers/walk_rows.h"

namespace ubp {
namespace {

template <int N, int V, Form form, bool aligned, Ending ending, bool rolled>
struct IntegerInorderWalk {
    // Zipped columns are taken in parts of up to 16 positions.
    static constexpr int part = form == Form::zipped && V > 4 ? 4 : V, parts = V / part;
    static_assert(V % part == 0, "whole parts");
    static constexpr int slots = N * part;                       // dot products of a part
    static constexpr int places = form == Form::zipped ? 4 : 1;  // addresses of a quad
    // Rows end late where registers suffice for that.
    static constexpr bool each_row = form != Form::dense && !aligned;
    static constexpr int registers = N * V + part + V + N / 4;
    static constexpr bool late = each_row && ending == Ending::bounded && registers <= (rolled ? 20 : 26);
    static constexpr int unrolled = form == Form::zipped ? 2 : 4;  // a branch waits for the arithmetic before it
    using Columns = Zipper<std::min(part, 4)>;
    using End = RowEnd<V, ending, true>;
    static constexpr size_t element = bytes_of_result(ending);

    Sums<N, V, ending, true> sums;
    int8x16_t in[part];        // zipped: of this part
    const int8_t* at[places];  // of the next part; neighbours: of this quad
    size_t index[places];      // columns of the quad behind it
    const uint16_t* columns;   // of the one behind that
    const int8_t* weights;     // of this quad
    const int8_t* panel;
    const ByteLimits* byte_limits;

    // Of the row that ends.
    End end;
    const float* factor;
    uint8_t* out;

    // Which columns the next quad has; long before `find`, which computes with them.
    UBP_INLINE void read_columns() {
        if constexpr (form != Form::dense) {
            for (int c = 0; c < places; ++c) index[c] = columns[c];
            UBP_KEEP(columns);  // before and behind: a load that also adds costs three cycles
            columns += places;
            UBP_KEEP(columns);
        }
    }
    template <int C>
    UBP_INLINE void find() {
        constexpr size_t stride = form == Form::zipped ? zipped_stride(V) : 16 * V;
        if constexpr (form == Form::dense) at[0] += stride;
        else at[C] = panel + index[C] * stride;
        UBP_KEEP(at[C]);
    }
    UBP_INLINE void find_all() {
        read_columns();
        unroll<0, places>([&](auto c) UBP_LAMBDA { find<c>(); });
    }

    template <int Part, int Slot>
    UBP_INLINE void multiply(const QuadWeights<N>& w) {
        constexpr int j = Slot / N, i = Slot % N;
        sums.rows[i][Part * part + j] = w.template dot<i>(sums.rows[i][Part * part + j], in[j]);
    }

    // What is done to the row that ends, between the dot products of a part.
    struct Constants {
        float factor;
        Limits<ending, true> limits;
    };
    // Stages are spread over the part; each begins when the one before has begun its last item.
    static constexpr int begin_of(int stage) {
        if (stage == 0) return 0;
        const int spread = stage * slots / End::stages, done = begin_of(stage - 1) + End::items(stage - 1) - 1;
        return spread > done ? spread : done;
    }
    static constexpr int slot_of(int stage, int item) {
        const int slot = begin_of(stage) + item;
        return slot < slots ? slot : slots - 1;
    }
    template <int Slot>
    UBP_INLINE void run_end(const Constants& constants) {
        unroll<0, End::stages>([&](auto stage) UBP_LAMBDA {
            unroll<0, End::items(stage)>([&](auto item) UBP_LAMBDA {
                if constexpr (slot_of(stage, item) == Slot) {
                    end.template run<stage, item>(constants.factor, constants.limits);
                }
            });
        });
    }

    // Where a row ends in a part, the next columns are loaded in its middle, so that registers suffice.
    template <bool Ends>
    static constexpr int slot_of_loads = Ends ? slots / 2 : 0;
    // Pairs are zipped as soon as columns are there, an input when it has been used.
    template <bool Ends>
    static constexpr int slot_of_pair(int p) {
        const int slot = slot_of_loads<Ends> + p / 2;
        return slot < slots ? slot : slots - 1;
    }
    template <bool Ends>
    static constexpr int slot_of_zip(int j) {
        const int used = N * (j + 1), paired = slot_of_pair<Ends>(Columns::pair_count - 1) + 4;
        const int slot = used > paired ? used : paired;
        return slot < slots ? slot : slots - 1;
    }

    template <int Part>
    UBP_INLINE void load_columns(Columns& zipper) {
        constexpr int next = (Part + 1) % parts;
        constexpr bool used_up = next == parts - 1;
        if constexpr (used_up) read_columns();
        unroll<0, 4>([&](auto c) UBP_LAMBDA {
            zipper.template load<c, 16 * next>(at[c]);
            if constexpr (used_up) find<c>();
        });
    }

    template <int Part, bool Ends>
    UBP_INLINE void zipped_part(const QuadWeights<N>& w, const Constants& constants) {
        Columns zipper;
        unroll<0, slots>([&](auto slot) UBP_LAMBDA {
            if constexpr (slot == slot_of_loads<Ends>) load_columns<Part>(zipper);
            multiply<Part, slot>(w);
            if constexpr (Ends) run_end<slot>(constants);
            unroll<0, Columns::pair_count>([&](auto p) UBP_LAMBDA {
                if constexpr (slot_of_pair<Ends>(p) == slot) zipper.template zip_pair<p>();
            });
            unroll<0, part>([&](auto j) UBP_LAMBDA {
                if constexpr (slot_of_zip<Ends>(j) == slot) in[j] = zipper.template zipped<j>();
            });
        });
    }

    template <bool Ends>
    UBP_INLINE void neighbours(const QuadWeights<N>& w, const Constants& constants) {
        read_columns();
        unroll<0, V>([&](auto j) UBP_LAMBDA { in[j] = load_bytes<16, 16 * j>(at[0]); });
        find<0>();
        unroll<0, slots>([&](auto slot) UBP_LAMBDA {
            multiply<0, slot>(w);
            if constexpr (Ends) run_end<slot>(constants);
        });
    }

    // Ends: of the row before.
    template <bool Ends>
    UBP_INLINE void one_quad() {
        const QuadWeights<N> w(weights);
        weights += 4 * N;
        UBP_KEEP(weights);
        Constants constants;
        if constexpr (Ends) constants = {*factor, Limits<ending, true>(*byte_limits)};
        if constexpr (form == Form::zipped) {
            unroll<0, parts>([&](auto p) UBP_LAMBDA { zipped_part<p, Ends && p == 0>(w, constants); });
        } else {
            neighbours<Ends>(w, constants);
        }
        if constexpr (Ends) end.store(out);
    }

    UBP_INLINE void store_end() {
        end.run_all(*factor, Limits<ending, true>(*byte_limits));
        end.store(out);
    }

    UBP_INLINE void all_quads(uint32_t count) {
        if constexpr (late) {
            if (count == 0) return store_end();
            --count;
        }
        uint32_t whole = count / unrolled;
        UBP_KEEP(whole);  // here: behind the arithmetic, it would wait for it
        if constexpr (late) one_quad<true>();
        for (; whole != 0; --whole) quads<unrolled>();
        if constexpr (unrolled > 2) {
            if (count & 2) quads<2>();
        }
        if (count & 1) quads<1>();
    }

    template <int Count>
    UBP_INLINE void quads() {
        unroll<0, Count>([&](auto) UBP_LAMBDA { one_quad<false>(); });
    }

    template <int Row>
    UBP_INLINE void end_row(uint8_t* row_out, const int32_t* next_bias, const float* row_factor) {
        if constexpr (each_row) {
            end = sums.template begin_end<Row, 0, V>(Limits<ending, true>(*byte_limits));
            sums.template begin_next<Row>(next_bias);
        } else if constexpr (Row % 2 == 1) {
            end_two<Row>(row_out, next_bias, row_factor);
        }
        factor = row_factor, out = row_out;
        if constexpr (each_row && !late) store_end();
    }

    // Row Row and the one before, by turns.
    template <int Row>
    UBP_INLINE void end_two(uint8_t* row_out, const int32_t* next_bias, const float* row_factor) {
        const Limits<ending, true> now(*byte_limits);
        const float first_factor = *factor, second_factor = *row_factor;
        End first = sums.template begin_end<Row - 1, 0, V>(now), second = sums.template begin_end<Row, 0, V>(now);
        unroll<0, End::stages>([&](auto stage) UBP_LAMBDA {
            unroll<0, End::items(stage)>([&](auto item) UBP_LAMBDA {
                first.template run<stage, item>(first_factor, now);
                second.template run<stage, item>(second_factor, now);
            });
        });
        first.store(out);
        second.store(row_out);
        sums.template begin_next<Row - 1>(next_bias);
        sums.template begin_next<Row>(next_bias);
    }

    // Finds the first quad; zipped columns are there before it begins. What ends late at first is nothing, in the place
    // of the first row: some span has one.
    UBP_INLINE void start(const IntegerWalk& walk) {
        for (const Span<uint8_t>& span : walk.spans) {
            if (span.groups != 0) {
                out = span.out;
                break;
            }
        }
        factor = walk.factors;
        end.begin(sums.rows[0], Limits<ending, true>(*byte_limits));
        find_all();
        if constexpr (form == Form::zipped) {
            Columns zipper;
            unroll<0, 4>([&](auto c) UBP_LAMBDA { zipper.template load<c, 0>(at[c]); });
            unroll<0, Columns::pair_count>([&](auto p) UBP_LAMBDA { zipper.template zip_pair<p>(); });
            unroll<0, part>([&](auto j) UBP_LAMBDA { in[j] = zipper.template zipped<j>(); });
            if constexpr (parts == 1) find_all();
        }
    }

    UBP_INLINE void dense_group(const IntegerWalk& walk) {
        at[0] = walk.panel;
        all_quads(walk.quads_total);
    }

    static void run(const IntegerWalk& walk) {
        IntegerInorderWalk state;
        state.panel = walk.panel;
        state.columns = walk.columns;
        state.weights = walk.weights;
        state.byte_limits = &walk.limits;
        state.sums.start(walk.bias);
        if constexpr (form != Form::dense) state.start(walk);
        walk_rows<N, form, aligned, rolled>(state, walk);
        if constexpr (late) state.store_end();
    }
};

}  // namespace
}  // namespace ubp
