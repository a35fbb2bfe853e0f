// The rule by which a sparse layer may run dense code: both are timed on this machine, and the faster one stays.
#pragma once

#include <cstddef>

#include "ubp/convolution.h"

namespace ubp {

struct BreakEven {
    int64_t dense_ns, sparse_ns;  // medians of interleaved runs
};

// Times both convolutions of one layer, made with these options, on inputs and outputs of that many elements.
BreakEven measure_break_even(Convolution& dense, Convolution& sparse, size_t inputs, size_t outputs,
                             const ConvolutionOptions& options);

}  // namespace ubp
