#define UBP_ISA generic
#include "selection/priced_columns.inc"
#include "selection/best_first.inc"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace ubp::selection {
namespace generic {

const ColumnKernels kernels = {window_sums,   priced_value,     priced_value_pair,
                               priced_starts, take_best_greedy, take_best_bed};

}  // namespace generic

namespace {

// Asked of the processor itself: __builtin_cpu_supports always says no under the compiler of the ziglang wheel.
bool has_avx512() {
#if defined(__x86_64__)
    constexpr unsigned kSavesStates = 1u << 27, kVectorStates = 0xe6;       // OSXSAVE; XMM, YMM, ZMM and mask registers
    constexpr unsigned kWanted = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;  // AVX512F, DQ, BW, VL
    unsigned a, b, c, d, states, high;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & kSavesStates)) return false;
    __asm__("xgetbv" : "=a"(states), "=d"(high) : "c"(0));
    if ((states & kVectorStates) != kVectorStates) return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & kWanted) == kWanted;
#else
    return false;
#endif
}

}  // namespace

const ColumnKernels& column_kernels() {
#if defined(__x86_64__)
    static const bool wide = has_avx512();
    if (wide) return avx512::kernels;
#endif
    return generic::kernels;
}

}  // namespace ubp::selection
