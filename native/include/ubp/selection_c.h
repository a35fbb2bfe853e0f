/* C interface of the block selection: from importance to exactly `budget` blocks that do not overlap. */
#ifndef UBP_SELECTION_C_H
#define UBP_SELECTION_C_H

#include "ubp/common_c.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ubp_selection_options {
    int64_t budget;      /* blocks */
    uint32_t block_size; /* rows of a block, 1..32; 1 for UBP_METHOD_UNSTRUCTURED */
    uint32_t method;     /* UBP_METHOD_ABP, ... */
    uint32_t threads;
};

struct ubp_selection_info {
    int64_t found;      /* blocks written (greedy may find fewer than the budget) */
    double kept;        /* sum of the importance under the blocks */
    double total;       /* sum of the importance */
    double upper_bound; /* no selection of `budget` blocks keeps more (optimal only, else 0) */
};

/* Selects blocks from `importance` [rows][columns], row-major; refused where a value is not finite or negative. Writes
   start rows and columns, sorted by (row, column); both arrays hold `budget` entries. Needs
   budget <= columns * (rows / block_size). UBP_EXHAUSTED: info->found blocks were written. */
UBP_API ubp_status ubp_selection_run(const float* importance, int64_t rows, int64_t columns,
                                     const struct ubp_selection_options* options, int32_t* out_rows,
                                     int32_t* out_columns, struct ubp_selection_info* info, char* error,
                                     size_t error_size);

/* A layer of a network that shares one budget of blocks. */
struct ubp_share {
    const float* importance; /* [rows][columns], as above */
    int64_t rows, columns;
    double scale;    /* its importance counts so many times against the other layers', > 0 */
    int64_t floor;   /* it gets at least so many blocks ... */
    int64_t ceiling; /* ... and at most so many; 0 <= floor <= ceiling <= columns * (rows / block_size) */
    int64_t count;   /* out: blocks it gets */
    double bound; /* out (optimal): see ubp_allocation_open; infinite where budget is the sum of floors or ceilings */
};

typedef struct ubp_allocation ubp_allocation;

/* Shares out options->budget blocks by one threshold over all layers: what each layer would select with its count is,
   of all ways to share the budget within floors and ceilings, the best (optimal), or consists of the largest gains
   (others). `found` is less than the budget only where greedy runs out of candidates (UBP_EXHAUSTED). A layer's bound
   is V + price * count, V the most that its blocks can be worth at the final price: where all counts are free, no
   selection of `budget` blocks keeps more than the sum of scale * bound. Needs sum of floors <= budget <= sum of
   ceilings. Where it returns UBP_OK, the handle keeps what was found about the layers, whose importance must stay in
   place until close; else `allocation` is null. */
UBP_API ubp_status ubp_allocation_open(struct ubp_share* shares, int64_t layers,
                                       const struct ubp_selection_options* options, int64_t* found,
                                       ubp_allocation** allocation, char* error, size_t error_size);

/* What ubp_selection_run gives for a layer and its count, without the search; both arrays hold `count` entries. */
UBP_API ubp_status ubp_allocation_select(const ubp_allocation* allocation, int64_t layer, int32_t* out_rows,
                                         int32_t* out_columns, struct ubp_selection_info* info, char* error,
                                         size_t error_size);

UBP_API void ubp_allocation_close(ubp_allocation* allocation);

#ifdef __cplusplus
}
#endif
#endif
