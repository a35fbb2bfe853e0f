// What a micro-kernel is given: one walk over the start rows of a layer, for one panel of inputs.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ubp {

// A group is N consecutive start rows (dense: one block of 8 rows). A walk computes `groups` groups of output rows.
// Groups before `aside_before` and from `aside_from` on are stored in `aside` instead of in `out`: they are the lead-in
// of a walk that starts inside the layer, or hold rows beyond the last.
struct Walk {
    const float* panel = nullptr;       // [K][panel_stride() of the tile]
    const uint32_t* counts = nullptr;   // blocks per start row [groups * N]; aligned kernels: per group [groups]
    const uint16_t* columns = nullptr;  // of the first block; two more than the blocks can be read
    const float* weights = nullptr;     // of the first block; one block more can be read. Dense: [groups][K][8]
    const float* bias = nullptr;        // of the first row; N more than the rows can be read
    float* out = nullptr;               // first row of the first group
    size_t out_stride = 0;              // floats between rows of `out`
    float* aside = nullptr;             // [N][aside_stride]
    size_t aside_stride = 0;            // floats
    uint32_t groups = 0;
    uint32_t aside_before = 0, aside_from = 0;
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

// All kernels of one variant: the same template, scheduled for one kind of core.
struct KernelSet {
    const char* name = nullptr;
    const TileKernel* tiles = nullptr;
    int tile_count = 0;
};

}  // namespace ubp
