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

// Groups of rows that one thread computes for one tile.
struct RowRange {
    uint32_t first_group, groups;
};

struct Convolution::State {
    Geometry geometry;
    ConvolutionOptions options;
    ConvolutionInfo info;
    PreparedLayer layer;
    std::unique_ptr<Winograd> winograd;  // in place of everything below but x, y and residual
    Activation activation = Activation::none;
    Clamp clamp;
    bool by_scratch = false;  // every tile goes through the scratch: something is done to it on its way to the output
    uint32_t rows = 0, columns = 0;
    std::vector<Tile> tiles;
    std::vector<RowRange> ranges;
    std::vector<PanelPacker> packers;  // one per thread

    // Of one thread, in floats: a panel [K + 2][widest], rows of a tile [all groups][widest], rows that nobody wants.
    size_t panel_floats = 0, scratch_floats = 0, aside_floats = 0;
    AlignedBuffer owned;
    float* workspace = nullptr;

    const float* x = nullptr;  // of the current run
    float* y = nullptr;
    const float* residual = nullptr;
    std::atomic<size_t> next{0};

    struct Space {
        PanelPacker& packer;
        float *panel, *scratch, *aside;
    };

    void plan(const LayerView& view);
    void use_winograd(const LayerView& view, const WinogradPlan& chosen);
    size_t thread_floats() const { return panel_floats + scratch_floats + aside_floats; }
    void work(unsigned thread);

private:
    uint32_t lead_in(const RowRange& range) const;
    Walk walk_of(const RowRange& range, const Space& space) const;
    void compute(const Tile& tile, const RowRange& range, const KernelSet& kernels, const Space& space);
    void store(const Tile& tile, uint32_t first_row, uint32_t row_count, int stride, const float* from);
};

}  // namespace ubp
