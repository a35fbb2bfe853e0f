// What a micro-kernel is given: one walk over the start rows of a layer, for one panel of inputs. T: float or Half.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/lanes.h"
#include "ubp/dtype.h"

namespace ubp {

// Where the rows of some consecutive groups go. A group is N consecutive start rows (dense: a block of 8 rows).
template <class T>
struct Span {
    uint32_t groups = 0;
    T* out = nullptr;
    size_t stride = 0;  // elements between rows
};

// Spans: the lead-in of a walk that starts inside the layer; the rows that are wanted; a last group that has fewer rows
// than the kernel stores. The first and the last may have no groups.
template <class T>
struct Walk {
    const T* panel = nullptr;           // [K][panel_stride() of the tile]
    const uint32_t* counts = nullptr;   // blocks per start row [groups * N]; aligned kernels: per group [groups]
    const uint16_t* columns = nullptr;  // of the first block; two more can be read, and name columns that there are
    const T* weights = nullptr;         // of the first block; one block more can be read. Dense: [groups][K][8]
    const T* bias = nullptr;            // of the first row, each lanes<T> times; N more than the rows can be read
    Span<T> spans[3];
    uint32_t columns_total = 0;  // K, dense only
    T low = T(0), high = T(0);   // clamp, where the kernel has one
};

template <class T>
using WalkFunction = void (*)(const Walk<T>&);

// Rows of a group of the dense kernels.
constexpr uint32_t dense_rows = 8;

// One tile width of one block size: lanes<T> * vectors + single output positions per panel row.
template <class T>
struct TileKernel {
    int block_size = 0;  // 0: dense, dense_rows at a time
    int vectors = 0, single = 0;
    // [0]: no activation, [1]: clamp to [low, high]
    WalkFunction<T> walk[2] = {nullptr, nullptr};
    WalkFunction<T> aligned[2] = {nullptr, nullptr};  // the same for blocks on every N-th row only; dense: null

    int width() const { return lanes<T> * vectors + single; }
    int panel_stride() const { return lanes<T> * (vectors + single); }
};

// The bits of an element: copies move them, whatever they mean.
template <class T>
struct BitsOf;
template <>
struct BitsOf<float> {
    typedef uint32_t type __attribute__((may_alias));
};
template <>
struct BitsOf<Half> {
    typedef uint16_t type __attribute__((may_alias));
};
template <class T>
using Bits = typename BitsOf<T>::type;

// A copy of V vectors from each of some planes.
template <class T>
struct PlaneCopy {
    const T* from = nullptr;
    int64_t plane = 0, planes = 0;  // elements between planes; number of planes
    const Bits<T>* mask = nullptr;  // [V * lanes<T>], masked copies only
    T* to = nullptr;
    int64_t step = 0;  // elements between rows of `to`
};

// Index: V, 1..9.
template <class T>
struct CopyKernels {
    void (*plain[10])(const PlaneCopy<T>&);
    void (*masked[10])(const PlaneCopy<T>&);
};

// All kernels of one variant: the same template, scheduled for one kind of core.
template <class T>
struct KernelSet {
    const char* name = nullptr;
    const CopyKernels<T>* copies = nullptr;
    const TileKernel<T>* tiles = nullptr;
    int tile_count = 0;
};

}  // namespace ubp
