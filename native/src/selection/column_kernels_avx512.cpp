#define UBP_ISA avx512
#include "selection/priced_columns.inc"
#include "selection/best_first.inc"

namespace ubp::selection::avx512 {

const ColumnKernels kernels = {window_sums,   priced_value,     priced_value_pair,
                               priced_starts, take_best_greedy, take_best_bed};

}  // namespace ubp::selection::avx512
