#include "operator/winograd/winograd_plan.h"

#include <algorithm>
#include <limits>

#include "operator/cores.h"
#include "operator/tile_plan.h"

namespace ubp {
namespace {

// The unit is the time of one 4-wide multiply-add. The constants come from the modelled cycles of the kernels
// (docs/performance.md), but those of memory, which no model counts: a phone's core gets about four bytes per cycle
// from memory, and half of that hides behind arithmetic.
constexpr double per_call = 150, per_group = 40, per_vector = 0.4, per_streamed_byte = 0.25;
constexpr double per_copied_vector = 3, per_tap = 100;
constexpr double cache_bytes = 512 * 1024;  // a second-level cache
constexpr int64_t batch_bytes = 1 << 20;    // of panels and products; more where weights are read again for every batch
constexpr int64_t most_batch_bytes = int64_t{8} << 20;

struct TransformCost {
    double input, output;  // of four tiles and one channel
};
constexpr TransformCost cost_of_side(int side) { return side == 4 ? TransformCost{250, 230} : TransformCost{660, 620}; }

double groups_of(const LayerView& layer) { return double((layer.rows + dense_rows - 1) / dense_rows); }

// All rows over panels of these tiles with `columns` rows each.
double walk_cost(const KernelSet<float>& kernels, const std::vector<Tile>& tiles, double groups, double columns) {
    double cost = 0;
    for (const Tile& tile : tiles) {
        const TileKernel<float>& kernel = kernels.tiles[tile.kernel];
        const double vectors = kernel.vectors + 0.25 * kernel.single;
        cost += per_call + groups * (per_group + columns * (dense_rows * vectors + per_vector + 1));
    }
    return cost;
}

// Of reading weights `times` times.
double stream_cost(double bytes, double times) { return bytes > cache_bytes ? bytes * times * per_streamed_byte : 0; }

double direct_cost(const LayerView& layer, const Geometry& g, const KernelSet<float>& kernels) {
    const std::vector<Tile> tiles = plan_tiles(kernels, 0, g.batch, g.out_plane());
    const double groups = groups_of(layer), weights = 4 * groups * dense_rows * layer.columns;
    double cost = walk_cost(kernels, tiles, groups, layer.columns) + stream_cost(weights, double(tiles.size()));
    for (const Tile& tile : tiles) {
        cost += double(g.taps()) * per_tap +
                layer.columns * per_copied_vector * kernels.tiles[tile.kernel].panel_stride() / 4;
    }
    return cost;
}

struct Priced {
    WinogradPlan plan;
    double cost;
};

Priced price(int side, const LayerView& layer, const Geometry& g, const KernelSet<float>& kernels) {
    constexpr double never = std::numeric_limits<double>::infinity();
    const int64_t elements = (side + 2) * (side + 2);
    WinogradPlan plan{side, (g.out_h + side - 1) / side, (g.out_w + side - 1) / side, 0};
    const double groups = groups_of(layer);
    const int64_t rows = g.batch * plan.tiles_h, tile_bytes = 4 * elements * (layer.in_channels + layer.rows);
    const int64_t weights = 4 * elements * int64_t(groups) * dense_rows * layer.in_channels;
    if (tile_bytes * plan.tiles_w > most_batch_bytes) return {{}, never};
    const int64_t fitting =
        std::min(most_batch_bytes, std::max(batch_bytes, weights / 2)) / (tile_bytes * plan.tiles_w);
    const int64_t most_rows = std::clamp<int64_t>(fitting, 1, rows), batches = (rows + most_rows - 1) / most_rows;
    plan.batch_rows = (rows + batches - 1) / batches;
    const std::vector<Tile> tiles = plan_tiles(kernels, 0, 1, plan.batch_rows * plan.tiles_w);
    const TransformCost transform = cost_of_side(side);
    double lanes = 0;
    for (const Tile& tile : tiles) lanes += kernels.tiles[tile.kernel].panel_stride() / 4;
    const double of_transforms = lanes * (transform.input * layer.in_channels + transform.output * layer.rows);
    const double of_walks = double(elements) * walk_cost(kernels, tiles, groups, layer.in_channels);
    return {plan, double(batches) * (of_transforms + of_walks) + stream_cost(double(weights), double(batches))};
}

}  // namespace

bool allows_winograd(const LayerView& layer) {
    return layer.kernel_h == 3 && layer.kernel_w == 3 && layer.stride_h == 1 && layer.stride_w == 1 &&
           layer.dilation_h == 1 && layer.dilation_w == 1 && layer.groups == 1;
}

WinogradPlan plan_winograd(const LayerView& layer, const Geometry& geometry, const ConvolutionOptions& options) {
    if (!options.winograd || !allows_winograd(layer)) return {};
    const KernelSet<float>& kernels = kernels_for<float>(options.core);
    Priced best{{}, direct_cost(layer, geometry, kernels)};
    for (const WinogradTile& tile : winograd_kernels().tiles) {
        const Priced priced = price(tile.side, layer, geometry, kernels);
        if (priced.cost < best.cost) best = priced;
    }
    return best.plan;
}

}  // namespace ubp
