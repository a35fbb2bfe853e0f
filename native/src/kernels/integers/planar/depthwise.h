// The depthwise micro-kernels of bytes: R output rows by up to V vectors of four sums stay in registers, and what is
// made of an input row serves all output rows that use it. A Taps policy says how: by the dot product, or by widening
// multiplies. The last block ends with the row: it computes some columns again instead of storing parts; only a row
// that is shorter than a block is stored in parts.
#pragma once

#include <algorithm>

#include "kernels/integers/planar/ending.h"
#include "kernels/integers/planar/planar.h"

namespace ubp {
namespace {

// A row's taps as quads: lane i of a vector has the four bytes from the first tap of output i on. Weights are lanes, a
// quad each.
template <int K, int S>
struct DotTaps {
    static constexpr int vectors = 4, quads = tap_quads(K), registers = (K * quads + 3) / 4;
    static constexpr int most_rows = K < 7 ? 4 : 2;  // of outputs together; four of 7x7 would need too much code

    struct Weights {
        int8x16_t v[registers];
        uint8x16_t places;  // in 16 bytes, of four outputs' first four taps

        UBP_INLINE explicit Weights(const int8_t* from) {
            static constexpr uint8_t of[2][16] = {{0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6},
                                                  {0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9}};
            for (int q = 0; q < registers; ++q) v[q] = vld1q_s8(from + 16 * q);
            places = vld1q_u8(of[S - 1]);
        }
    };

    // The second quad of four outputs is, at stride 1, the first one of the next four.
    template <int V>
    struct Row {
        static constexpr int count = quads == 1 ? V : S == 1 ? V + 1 : 2 * V;
        int8x16_t quad[count];

        static constexpr int place(int v, int q) { return quads == 1 ? v : S == 1 ? v + q : 2 * v + q; }

        UBP_INLINE Row(const int8_t* from, const Weights& weights) {
            constexpr int step = quads == 2 ? 4 : 4 * S;
            unroll<0, count>([&](auto p) UBP_LAMBDA {
                const int8x16_t v = load_bytes<16, step * p>(from);
                quad[p] = vqtbl1q_s8(v, weights.places);
            });
        }
        // acc + row k of the weights times the taps of vector v.
        template <int k, int v>
        UBP_INLINE int32x4_t add(int32x4_t acc, const Weights& weights) const {
            unroll<0, quads>([&](auto q) UBP_LAMBDA {
                constexpr int lane = k * quads + q;
                acc = dot_lane<lane % 4>(acc, quad[place(v, q)], weights.v[lane / 4]);
            });
            return acc;
        }
    };
};

// A row's taps as shifted vectors of 16 bits.
template <int K, int S>
struct WideningTaps {
    static constexpr int vectors = 2, row_taps = 4 * tap_quads(K), registers = (K * row_taps + 7) / 8;
    static constexpr int most_rows = 2;

    struct Weights {
        int16x8_t v[registers];

        UBP_INLINE explicit Weights(const int8_t* from) {
            for (int q = 0; q < registers; ++q) v[q] = vmovl_s8(vld1_s8(from + 8 * q));
        }
    };

    template <int V>
    struct Row {
        static_assert(V <= 2, "one vector of taps");
        int16x8_t tap[K];

        UBP_INLINE Row(const int8_t* from, const Weights&) {
            if constexpr (S == 1) {
                unroll<0, K>([&](auto t) UBP_LAMBDA { tap[t] = vmovl_s8(vld1_s8(from + t)); });
            } else {
                unroll<0, (K + 1) / 2>([&](auto pair) UBP_LAMBDA {
                    constexpr int t = 2 * pair;
                    const int8x16_t both = vld1q_s8(from + t);
                    tap[t] = vmovl_s8(vget_low_s8(vuzp1q_s8(both, both)));
                    if constexpr (t + 1 < K) tap[t + 1] = vmovl_s8(vget_low_s8(vuzp2q_s8(both, both)));
                });
            }
        }
        template <int k, int v>
        UBP_INLINE int32x4_t add(int32x4_t acc, const Weights& weights) const {
            unroll<0, K>([&](auto t) UBP_LAMBDA {
                constexpr int lane = k * row_taps + t;
                if constexpr (v == 0) acc = vmlal_laneq_s16(acc, vget_low_s16(tap[t]), weights.v[lane / 8], lane % 8);
                else acc = vmlal_high_laneq_s16(acc, tap[t], weights.v[lane / 8], lane % 8);
            });
            return acc;
        }
    };
};

// Any rows of sums, `columns` of which are in a block that begins at output x: by memory, and only what is in the
// strip.
__attribute__((noinline)) inline void end_block(const ByteStrip& strip, int32_t* sums, int rows, int columns,
                                                int64_t x) {
    const int64_t count = std::min<int64_t>(columns, strip.out_width - x);
    if (strip.ending == Ending::sums) {
        int32_t* out = static_cast<int32_t*>(strip.out) + x;
        for (int r = 0; r < rows; ++r) std::copy_n(sums + r * columns, count, out + r * strip.out_width);
        return;
    }
    for (int i = 0; i < rows * columns; ++i) sums[i] = int32_t(uint32_t(sums[i]) - uint32_t(whole_magic));
    const float factors[] = {strip.factor, strip.factor, strip.factor, strip.factor};
    SumsEnd end;
    end.sums = sums, end.rows = rows, end.count = count, end.stride = columns;
    end.factors = factors, end.out_stride = strip.out_width;
    end_sums(end, *strip.limits, static_cast<uint8_t*>(strip.out) + x);
}

template <template <int, int> class Policy, int K, int S, int R>
struct ByteDepthwise {
    using Taps = Policy<K, S>;
    using Weights = typename Taps::Weights;
    static constexpr int input_rows = (R - 1) * S + K;

    // R rows of sums in V vectors.
    template <int V>
    struct Block {
        int32x4_t sums[R][V];

        UBP_INLINE Block(const ByteStrip& strip, const Weights& weights, int64_t x) {
            const int32_t* const bias = strip.bias;
            for (auto& row : sums) {
                for (int32x4_t& vector : row) vector = load_bias<0>(bias);
            }
            const int8_t* from = strip.from + x * S;
            unroll<0, input_rows>([&](auto i) UBP_LAMBDA {
                const typename Taps::template Row<V> row(from, weights);
                from += strip.row_bytes;
                unroll<0, R>([&](auto r) UBP_LAMBDA {
                    constexpr int k = int(i) - int(r) * S;
                    if constexpr (k >= 0 && k < K) {
                        unroll<0, V>([&](auto v)
                                         UBP_LAMBDA { sums[r][v] = row.template add<k, v>(sums[r][v], weights); });
                    }
                });
            });
        }

        // Bytes of bounded sums. What is stored behind a row that is shorter than the block is the next row's,
        // which is stored later.
        UBP_INLINE void store_bounded(const ByteStrip& strip, int64_t x) const {
            const PassLimits<Ending::bounded> limits(*strip.limits);
            const int64_t width = strip.out_width;
            const float factor = strip.factor;
            uint8_t* out = static_cast<uint8_t*>(strip.out) + x;
            unroll<0, R>([&](auto r) UBP_LAMBDA {
                PassEnd<V, Ending::bounded> end;
                end.begin(sums[r], limits);
                run_end<0>(end, factor, limits);
                end.store(out);
                out += width;
            });
        }

        // A copy: sums whose address is taken would lie in memory all the time.
        UBP_INLINE void store_any(const ByteStrip& strip, int64_t x) const {
            int32_t memory[R * 4 * V];
            unroll<0, R>([&](auto r) UBP_LAMBDA {
                unroll<0, V>([&](auto v) UBP_LAMBDA { vst1q_s32(memory + 4 * (r * V + v), sums[r][v]); });
            });
            end_block(strip, memory, R, 4 * V, x);
        }
    };

    template <int V>
    static UBP_INLINE void run_block(const ByteStrip& strip, const Weights& weights, int64_t x, bool bounded) {
        const Block<V> block(strip, weights, x);
        if (bounded) block.store_bounded(strip, x);
        else block.store_any(strip, x);
    }

    // The last columns, less than a block: by the fewest vectors.
    template <int V>
    static UBP_INLINE void run_last(const ByteStrip& strip, const Weights& weights, int64_t left, bool bounded) {
        if constexpr (V > 1) {
            if (left <= 4 * (V - 1)) return run_last<V - 1>(strip, weights, left, bounded);
        }
        const int64_t needed = (R - 1) * strip.out_width + 4 * V;
        const bool fits = strip.out_width >= 4 * V || strip.room >= needed;
        run_block<V>(strip, weights, std::max<int64_t>(0, strip.out_width - 4 * V), bounded && fits);
    }

    static UBP_INLINE void run(const ByteStrip& strip, const Weights& weights) {
        constexpr int step = 4 * Taps::vectors;
        const bool bounded = strip.ending == Ending::bounded;
        int64_t x = 0;
        for (; x + step <= strip.out_width; x += step) run_block<Taps::vectors>(strip, weights, x, bounded);
        if (x < strip.out_width) run_last<Taps::vectors>(strip, weights, strip.out_width - x, bounded);
    }
};

// Output rows by fours or twos; those that are left share the input rows too.
template <template <int, int> class Policy, int K, int S>
void run_strip(ByteStrip& strip) {
    constexpr int most = Policy<K, S>::most_rows;
    const typename Policy<K, S>::Weights weights(strip.weights);
    const int64_t out_row = strip.out_width * int64_t(bytes_of_result(strip.ending));
    const auto run = [&](auto rows) UBP_LAMBDA {
        ByteDepthwise<Policy, K, S, rows>::run(strip, weights);
        strip.from += rows * S * strip.row_bytes, strip.out = static_cast<char*>(strip.out) + rows * out_row;
        strip.room -= rows * strip.out_width, strip.rows -= rows;
    };
    while (strip.rows >= most) run(Index<most>{});
    if constexpr (most == 4) {
        if (strip.rows == 3) run(Index<3>{});
        if (strip.rows == 2) run(Index<2>{});
    }
    if (strip.rows == 1) run(Index<1>{});
}

}  // namespace
}  // namespace ubp
