// What every selection method is given, and where it puts its answer.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "ubp/thread_pool.h"

namespace ubp::selection {

constexpr int kTile = 16;  // columns worked on together: one cache line of the row-major importance

struct Problem {
    const float* importance;  // [rows][columns]
    int64_t rows, columns;
    int64_t block_size;
    int64_t budget;
    ThreadPool& pool;

    int64_t windows() const { return rows >= block_size ? rows - block_size + 1 : 0; }
    int64_t tiles() const { return (columns + kTile - 1) / kTile; }
    int64_t tile_width(int64_t tile) const { return std::min<int64_t>(kTile, columns - tile * kTile); }
};

// Start rows as bits: word [tile][row] has bit c set where a block starts at (row, tile * kTile + c).
// A tile's words are written by one thread only.
class StartBits {
public:
    explicit StartBits(const Problem& problem) : rows_(problem.rows), words_(problem.tiles() * problem.rows) {}
    uint16_t* tile(int64_t tile) { return words_.data() + tile * rows_; }
    const uint16_t* tile(int64_t tile) const { return words_.data() + tile * rows_; }

private:
    int64_t rows_;
    std::vector<uint16_t> words_;
};

// The methods. Each sets exactly `budget` bits, but for greedy, which may run out of candidates.
void select_aligned(const Problem& problem, StartBits& starts);
void select_unstructured(const Problem& problem, StartBits& starts);
void select_greedy(const Problem& problem, StartBits& starts);
void select_bed(const Problem& problem, StartBits& starts);
// Returns the upper bound on the importance that `budget` blocks can keep.
double select_optimal(const Problem& problem, StartBits& starts);

}  // namespace ubp::selection
