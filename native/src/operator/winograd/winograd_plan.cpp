#include "operator/winograd/winograd_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "operator/cores.h"
#include "operator/tile_plan.h"

namespace ubp {
namespace {

// The unit is the time of a multiply-add of vectors. The constants come from the modelled cycles of the kernels
// (docs/performance.md), but those of memory, which no model counts: a phone's core gets about four bytes per cycle
// from memory, and half of that hides behind arithmetic.
constexpr double per_call = 150, per_group = 40, per_vector = 0.4, per_streamed_byte = 0.25;
constexpr double per_copied_vector = 3, per_tap = 100;
constexpr double cache_bytes = 512 * 1024;  // a second-level cache
constexpr int64_t batch_bytes = 1 << 20;    // of panels and products; more where weights are read again for every batch
// Fewer save little, and their few products do not average the transforms' rounding.
constexpr uint32_t fewest_channels = 8;
constexpr int64_t most_batch_bytes = int64_t{8} << 20;

struct TransformCost {
    double input, output;  // of a vector of tiles and one channel
};
template <class A>
constexpr TransformCost cost_of_side(int side) {
    if (lanes<A> == 8) return {780, 540};
    return side == 4 ? TransformCost{250, 240} : TransformCost{660, 620};
}

double groups_of(const LayerView& layer) { return double((layer.rows + dense_rows - 1) / dense_rows); }

// All rows over panels of these tiles with `columns` rows each.
template <class A>
double walk_cost(const KernelSet<A>& kernels, const std::vector<Tile>& tiles, double groups, double columns) {
    double cost = 0;
    for (const Tile& tile : tiles) {
        const TileKernel<A>& kernel = kernels.tiles[tile.kernel];
        const double vectors = kernel.vectors + double(kernel.single) / lanes<A>;
        cost += per_call + groups * (per_group + columns * (dense_rows * vectors + per_vector + 1));
    }
    return cost;
}

// Of one more part of the channels: a walk of its own over few of them, and an addition of what it gives.
template <class A>
double part_cost(const KernelSet<A>& kernels, const std::vector<Tile>& tiles, double groups) {
    double cost = 0;
    for (const Tile& tile : tiles)
        cost +=
            2 * per_call + groups * (per_group + dense_rows * per_copied_vector * kernels.tiles[tile.kernel].vectors);
    return cost;
}

// Of reading weights `times` times.
double stream_cost(double bytes, double times) { return bytes > cache_bytes ? bytes * times * per_streamed_byte : 0; }

template <class A>
double direct_cost(const LayerView& layer, const Geometry& g, const KernelSet<A>& kernels) {
    const std::vector<Tile> tiles = plan_tiles(kernels, 0, g.batch, g.out_plane());
    const double groups = groups_of(layer), weights = sizeof(A) * groups * dense_rows * layer.columns;
    double cost = walk_cost(kernels, tiles, groups, layer.columns) + stream_cost(weights, double(tiles.size()));
    for (const Tile& tile : tiles) {
        cost += double(g.taps()) * per_tap +
                layer.columns * per_copied_vector * kernels.tiles[tile.kernel].panel_stride() / lanes<A>;
    }
    return cost;
}

struct Priced {
    WinogradPlan plan;
    double cost;
};

template <class A>
Priced price(int side, const LayerView& layer, const Geometry& g, const KernelSet<A>& kernels) {
    constexpr double never = std::numeric_limits<double>::infinity();
    const int64_t elements = (side + 2) * (side + 2);
    WinogradPlan plan{side, (g.out_h + side - 1) / side, (g.out_w + side - 1) / side, 0};
    const double groups = groups_of(layer);
    const int64_t rows = g.batch * plan.tiles_h,
                  tile_bytes = int64_t(sizeof(A)) * elements * (layer.in_channels + layer.rows);
    const int64_t weights = int64_t(sizeof(A)) * elements * int64_t(groups) * dense_rows * layer.in_channels;
    if (tile_bytes * plan.tiles_w > most_batch_bytes) return {{}, never};
    const int64_t fitting =
        std::min(most_batch_bytes, std::max(batch_bytes, weights / 2)) / (tile_bytes * plan.tiles_w);
    const int64_t most_rows = std::clamp<int64_t>(fitting, 1, rows), batches = (rows + most_rows - 1) / most_rows;
    plan.batch_rows = (rows + batches - 1) / batches;
    const std::vector<Tile> tiles = plan_tiles(kernels, 0, 1, plan.batch_rows * plan.tiles_w);
    const TransformCost transform = cost_of_side<A>(side);
    double vectors = 0;
    for (const Tile& tile : tiles) vectors += kernels.tiles[tile.kernel].panel_stride() / lanes<A>;
    const double of_transforms = vectors * (transform.input * layer.in_channels + transform.output * layer.rows);
    const double more_parts = std::ceil(double(layer.in_channels) / double(winograd_part<A>(layer.in_channels))) - 1;
    const double of_walks = double(elements) * (walk_cost(kernels, tiles, groups, layer.in_channels) +
                                                more_parts * part_cost(kernels, tiles, groups));
    return {plan, double(batches) * (of_transforms + of_walks) + stream_cost(double(weights), double(batches))};
}

}  // namespace

bool allows_winograd(const LayerView& layer) {
    return layer.kernel_h == 3 && layer.kernel_w == 3 && layer.stride_h == 1 && layer.stride_w == 1 &&
           layer.dilation_h == 1 && layer.dilation_w == 1 && layer.groups == 1 && layer.in_channels >= fewest_channels;
}

template <class T, class A>
WinogradPlan plan_winograd(const LayerView& layer, const Geometry& geometry, const ConvolutionOptions& options) {
    if (!options.winograd || !allows_winograd(layer)) return {};
    const KernelSet<A>& kernels = kernels_for<A>(options.core);
    Priced best{{}, direct_cost(layer, geometry, kernels)};
    const WinogradKernels<T, A>& transforms = winograd_kernels<T, A>();
    for (int i = 0; i < transforms.tile_count; ++i) {
        const Priced priced = price(transforms.tiles[i].side, layer, geometry, kernels);
        if (priced.cost < best.cost) best = priced;
    }
    return best.plan;
}

template WinogradPlan plan_winograd<float, float>(const LayerView&, const Geometry&, const ConvolutionOptions&);
template WinogradPlan plan_winograd<Half, Half>(const LayerView&, const Geometry&, const ConvolutionOptions&);

}  // namespace ubp
