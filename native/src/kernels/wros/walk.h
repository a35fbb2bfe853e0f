// What a micro-kernel is given: one walk over the start rows of a layer, for one panel of inputs.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ubp {

// Where the rows of some consecutive groups go. A group is N consecutive start rows (dense: a block of 8 rows).
struct Span {
    uint32_t groups = 0;
    float* out = nullptr;
    size_t stride = 0;  // floats between rows
};

// Spans: the lead-in of a walk that starts inside the layer; the rows that are wanted; a last group that has fewer rows
// than the kernel stores. The first and the last may have no groups.
struct Walk {
    const float* panel = nullptr;       // [K][panel_stride() of the tile]
    const uint32_t* counts = nullptr;   // blocks per start row [groups * N]; aligned kernels: per group [groups]
    const uint16_t* columns = nullptr;  // of the first block; two more can be read, and name columns that there are
    const float* weights = nullptr;     // of the first block; one block more can be read. Dense: [groups][K][8]
    const float* bias = nullptr;        // of the first row, each four times; N more than the rows can be read
    Span spans[3];
    uint32_t columns_total = 0;  // K, dense only
    float low = 0, high = 0;     // clamp, where the kernel has one
};

using WalkFunction = void (*)(const Walk&);

// Rows of a group of the dense kernels.
constexpr uint32_t dense_rows = 8;

// One tile width of one block size: 4 * vectors + single output positions per panel row.
struct TileKernel {
    int block_size = 0;  // 0: dense, dense_rows at a time
    int vectors = 0, single = 0;
    // [0]: no activation, [1]: clamp to [low, high]
    WalkFunction walk[2] = {nullptr, nullptr};
    WalkFunction aligned[2] = {nullptr, nullptr};  // the same for blocks on every N-th row only; dense: null

    int width() const { return 4 * vectors + single; }
    int panel_stride() const { return 4 * (vectors + single); }
};

// A copy of 4 * V floats from each of some planes.
struct PlaneCopy {
    const float* from = nullptr;
    int64_t plane = 0, planes = 0;   // floats between planes; number of planes
    const uint32_t* mask = nullptr;  // [4 * V], masked copies only
    float* to = nullptr;
    int64_t step = 0;  // floats between rows of `to`
};

// Index: V, 1..9.
struct CopyKernels {
    void (*plain[10])(const PlaneCopy&);
    void (*masked[10])(const PlaneCopy&);
};

// All kernels of one variant: the same template, scheduled for one kind of core.
struct KernelSet {
    const char* name = nullptr;
    const CopyKernels* copies = nullptr;
    const TileKernel* tiles = nullptr;
    int tile_count = 0;
};

}  // namespace ubp
