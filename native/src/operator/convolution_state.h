// What a convolution keeps between runs, and how it computes one tile. Creation and checks are in convolution.cpp.
#pragma once

#include <atomic>
#include <vector>

#include "kernels/planar/planar.h"
#include "operator/activation.h"
#include "operator/prepared_layer.h"
#include "operator/tile_plan.h"
#include "operator/winograd/winograd.h"
#include "packing/panel.h"
#include "ubp/convolution.h"

namespace ubp {

// What does not depend on the type of the elements.
struct Convolution::State {
    Geometry geometry;
    ConvolutionOptions options;
    ConvolutionInfo info;
    std::unique_ptr<Winograd> winograd;  // in place of everything below
    Activation activation = Activation::none;
    uint32_t rows = 0, columns = 0;
    unsigned threads = 1;  // that a run uses
    char* workspace = nullptr;

    const void* x = nullptr;  // of the current run
    void* y = nullptr;
    const void* residual = nullptr;
    std::atomic<size_t> next{0};

    virtual ~State() = default;
    virtual bool use_winograd(const LayerView& view) = 0;  // of a dense layer; false where it costs more, or can't be
    virtual void prepare(const LayerView& view) = 0;       // info.kernel is chosen already
    virtual void before_run(ThreadPool&) {}                // what all threads need; x is known
    virtual void work(unsigned thread) = 0;
    virtual const char* core_name() const = 0;
};

// T: type of inputs and outputs; A: what is multiplied and summed, float or T.
template <class T, class A>
struct TypedState : Convolution::State {
    bool use_winograd(const LayerView& view) override;
    void prepare(const LayerView& view) override;
    void work(unsigned thread) override;
    const char* core_name() const override;

private:
    static constexpr bool converts = sizeof(T) != sizeof(A);

    PreparedLayer<A> layer;
    Clamp clamp;
    // Columns of a dense layer whose products are summed on their own, before these sums are added; all of them in
    // fp32.
    uint32_t part = 0;
    AlignedArray<A> no_bias;  // of the other parts than the first
    bool by_scratch = false;  // every tile goes through the scratch: something is done to it on its way to the output
    std::vector<Tile> tiles;
    std::vector<RowRange> ranges;
    std::vector<PanelPacker<T>> packers;  // one per thread

    // Of one thread, in bytes: a panel [K + 2][widest], rows of a tile [all groups][widest], rows that nobody wants,
    // and where the panel has another type than the inputs, one of theirs.
    size_t panel_bytes = 0, scratch_bytes = 0, aside_bytes = 0, packed_bytes = 0;
    AlignedArray<char> owned;

    struct Space {
        PanelPacker<T>& packer;
        A *panel, *scratch, *aside;
        T* packed;
    };

    void plan(const LayerView& view);
    size_t thread_bytes() const { return panel_bytes + scratch_bytes + aside_bytes + packed_bytes; }
    uint32_t lead_in(const RowRange& range) const;
    Walk<A> walk_of(const RowRange& range, const Space& space) const;
    void pack(const Tile& tile, const TileKernel<A>& kernel, const KernelSet<A>& kernels, const Space& space) const;
    void compute(const Tile& tile, const RowRange& range, const KernelSet<A>& kernels, const Space& space);
    void walk_in_parts(const TileKernel<A>& kernel, const Walk<A>& whole, const Space& space) const;
    void store(const Tile& tile, uint32_t first_row, uint32_t row_count, int stride, A* from);
    void store_run(int64_t at, uint32_t row_count, int64_t count, int stride, A* from);
};

}  // namespace ubp
