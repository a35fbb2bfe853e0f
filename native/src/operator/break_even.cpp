#include "operator/break_even.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace ubp {
namespace {

int64_t time_once(Convolution& convolution, const void* x, void* y, const void* residual, ThreadPool& pool) {
    const auto begin = std::chrono::steady_clock::now();
    convolution.run(x, y, pool, residual);
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begin).count();
}

int64_t median_of(std::vector<int64_t> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// Words of four bytes that so many elements fill.
size_t words_of(size_t count, DType dtype) { return (count * element_bytes(dtype) + 3) / 4; }

}  // namespace

BreakEven measure_break_even(Convolution& dense, Convolution& sparse, size_t inputs, size_t outputs,
                             const ConvolutionOptions& options) {
    constexpr int runs = 7;
    ThreadPool pool(options.threads);
    const uint32_t half_of_one =  // 0.5, or two halves of it
        options.dtype == DType::fp16 ? 0x38003800u : 0x3f000000u;
    const std::vector<uint32_t> x(words_of(inputs, options.dtype), half_of_one);
    std::vector<uint32_t> y(words_of(outputs, options.integers.floats ? DType::fp32 : options.dtype));
    const std::vector<uint32_t> addend(options.residual ? y.size() : 0);
    const void* residual = options.residual ? addend.data() : nullptr;
    std::vector<int64_t> dense_ns, sparse_ns;
    for (int run = 0; run <= runs;
         ++run) {  // interleaved, so that a change of the clock meets both; the first warms up
        const int64_t a = time_once(dense, x.data(), y.data(), residual, pool);
        const int64_t b = time_once(sparse, x.data(), y.data(), residual, pool);
        if (run == 0) continue;
        dense_ns.push_back(a);
        sparse_ns.push_back(b);
    }
    return {median_of(dense_ns), median_of(sparse_ns)};
}

}  // namespace ubp
