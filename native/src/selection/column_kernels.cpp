#define UBP_ISA generic
#include "selection/priced_columns.inc"
#include "selection/best_first.inc"

namespace ubp::selection::generic {

const ColumnKernels kernels = {window_sums,   priced_value,     priced_value_pair,
                               priced_starts, take_best_greedy, take_best_bed};

}  // namespace ubp::selection::generic

namespace ubp::selection {

const ColumnKernels& column_kernels() {
#if defined(__x86_64__)
    static const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    if (wide) return avx512::kernels;
#endif
    return generic::kernels;
}

}  // namespace ubp::selection
