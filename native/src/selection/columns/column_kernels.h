// The vector code of selection: window sums, the priced dynamic programme over a column tile, best-first steps.
#pragma once
#include <cstdint>

#include "selection/problem.h"

namespace ubp::selection {

// sums[row][kTile] = sum of importance[row .. row + block_size - 1] of each column of the tile, for the start rows
// 0 .. rows - block_size. Sums are taken without subtraction, so that huge neighbours leave no error behind.
// Columns beyond the last are 0.
void window_sums(const Problem& problem, int64_t tile, double* sums);

// Best value of each column when a block costs `prices[column]`:
//     V[i] = max(V[i-1], V[i-N] + S[i-N] - price),  a block is taken only where that is strictly better.
// value and count are the total (price paid) and the number of blocks of one such best choice.
void priced_value(const Problem& problem, const double* sums, const double* prices, double* value, double* count);
// The same for two prices at once: each array holds kTile entries of the first price, then of the second.
void priced_value_pair(const Problem& problem, const double* sums, const double* prices, double* value, double* count);
// The same choice as bits: word [row] has bit c set where column c takes the block that starts at row.
void priced_starts(const Problem& problem, const double* sums, const double* prices, uint16_t* starts);

// One column on its way through a sequential method (greedy, bed).
struct ColumnState {
    int64_t rows;
    int64_t block_size;
    double* scores;     // [padded(rows, kTile)] of the window that starts at each row; minus infinity: no such window
    double* best;       // [padded(groups, 8)] largest score of each group of kTile rows, filled by take_best_*
    float* importance;  // [rows]
    int32_t* next;      // [rows + 2] the remaining rows as a list, shifted by one; bed only
    int32_t* previous;
};

constexpr int64_t padded(int64_t size, int64_t to) { return (size + to - 1) / to * to; }

// Takes the best window (the first of equals) again and again while its score is at least `threshold`; writes each
// gain, and the number of the step that took a row to labels[row]. Returns the number of steps.
using TakeBest = int64_t (*)(ColumnState& state, double threshold, double* gains, int32_t* labels);
int64_t take_best_greedy(ColumnState& state, double threshold, double* gains, int32_t* labels);
int64_t take_best_bed(ColumnState& state, double threshold, double* gains, int32_t* labels);

}  // namespace ubp::selection
