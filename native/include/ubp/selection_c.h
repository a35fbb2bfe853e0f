// Block selection (design: importance -> exactly `budget` non-overlapping blocks). C interface, used by ubp_core.
#pragma once
#include <stdint.h>

#define UBP_API extern "C" __attribute__((visibility("default")))

enum ubp_method { UBP_ABP = 0, UBP_GREEDY = 1, UBP_BED = 2, UBP_OPTIMAL = 3, UBP_UNSTRUCTURED = 4 };
enum ubp_select_status { UBP_SELECT_OK = 0, UBP_SELECT_BAD_VALUE = 1, UBP_SELECT_EXHAUSTED = 2, UBP_SELECT_NO_MEMORY = 3 };

struct ubp_selection_info {
    int64_t found;       // blocks written (greedy may find fewer than the budget)
    double kept;         // sum of the importance under the blocks
    double total;        // sum of the importance
    double upper_bound;  // no selection of `budget` blocks keeps more (optimal only, else 0)
};

// Selects `budget` blocks of `block_size` rows from `importance` [rows][columns], row-major, finite and not negative.
// Writes start rows and columns, sorted by (row, column); both arrays hold `budget` entries. For UBP_UNSTRUCTURED the
// block size is 1. The result does not depend on `threads`. Needs budget <= columns * (rows / block_size).
UBP_API int ubp_select(const float* importance, int64_t rows, int64_t columns, int32_t block_size, int64_t budget,
                       int32_t method, int32_t threads, int32_t* out_rows, int32_t* out_columns,
                       struct ubp_selection_info* info);

// A layer of a network that shares one budget of blocks.
struct ubp_share {
    const float* importance;  // [rows][columns], as above
    int64_t rows, columns;
    double scale;     // its importance counts so many times against the other layers', > 0
    int64_t floor;    // it gets at least so many blocks ...
    int64_t ceiling;  // ... and at most so many; 0 <= floor <= ceiling <= columns * (rows / block_size)
    int64_t count;    // out: blocks it gets
    double bound;     // out (optimal): see ubp_allocate; infinite where budget is the sum of floors or of ceilings
};

// Shares out `budget` blocks by one threshold over all layers: what each layer would select with its count is, of all
// ways to share the budget within floors and ceilings, the best (optimal), or consists of the largest gains (others).
// `found` is less than the budget only where greedy runs out of candidates (UBP_SELECT_EXHAUSTED).
// A layer's bound is V + price * count, V the most that its blocks can be worth at the final price: where all counts
// are free, no selection of `budget` blocks keeps more than the sum of scale * bound.
// Needs sum of floors <= budget <= sum of ceilings. The result does not depend on `threads`.
// Where it returns UBP_SELECT_OK, `out` keeps what was found about the layers, whose importance must stay in place, until
// ubp_allocation_free; else it is null.
typedef struct ubp_allocation ubp_allocation;
UBP_API int ubp_allocate(struct ubp_share* shares, int64_t layers, int32_t block_size, int64_t budget, int32_t method,
                         int32_t threads, int64_t* found, ubp_allocation** out);
// What ubp_select gives for a layer and its count, without the search; both arrays hold `count` entries.
UBP_API int ubp_allocation_select(const ubp_allocation* allocation, int64_t layer, int32_t* out_rows,
                                  int32_t* out_columns, struct ubp_selection_info* info);
UBP_API void ubp_allocation_free(ubp_allocation* allocation);
