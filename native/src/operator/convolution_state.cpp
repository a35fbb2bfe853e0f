#include "operator/convolution_state.h"

#include <algorithm>

#include "operator/cores.h"

namespace ubp {
namespace {

// Few tiles and many threads: the rows are shared out too.
std::vector<RowRange> split_rows(uint32_t groups, size_t tiles, unsigned threads) {
    constexpr uint32_t fewest_groups = 8;  // below, the lead-in and the packing done twice cost more than they bring
    uint32_t parts = 1;
    if (threads > 1 && tiles < 4 * size_t{threads}) parts = uint32_t((4 * threads + tiles - 1) / tiles);
    parts = std::max(1u, std::min(parts, groups / fewest_groups));
    std::vector<RowRange> ranges;
    for (uint32_t part = 0; part < parts; ++part) {
        const uint32_t begin = uint32_t(uint64_t{groups} * part / parts);
        ranges.push_back({begin, uint32_t(uint64_t{groups} * (part + 1) / parts) - begin});
    }
    return ranges;
}

size_t whole_lines(size_t floats) { return (floats + 15) / 16 * 16; }

}  // namespace

void Convolution::State::plan(const LayerView& view) {
    const KernelSet& kernels = kernels_for(options.core);
    by_scratch = options.residual || !clamp_of(activation).exact;
    clamp = options.residual ? clamp_of(Activation::none) : clamp_of(activation);
    tiles = plan_tiles(kernels, layer.block_size, geometry.batch, geometry.out_plane());
    ranges = split_rows(layer.groups, tiles.size(), options.threads);
    int widest = 0;
    for (const Tile& tile : tiles) widest = std::max(widest, kernels.tiles[tile.kernel].panel_stride());
    panel_floats = whole_lines((size_t{view.columns} + 2) * size_t(widest));
    scratch_floats = whole_lines(size_t{layer.groups} * layer.group_rows * size_t(widest));
    aside_floats = whole_lines(size_t{layer.group_rows} * size_t(widest));
    const size_t threads = std::min<size_t>(options.threads, tiles.size() * ranges.size());
    packers.assign(threads, PanelPacker(geometry));
    info.workspace_bytes = int64_t(4 * threads * thread_floats());
    if (!options.shared_workspace) owned = AlignedBuffer(threads * thread_floats());
    workspace = owned.data();
    info.tiles = int64_t(tiles.size());
    info.tile_width = tiles.front().count;
}

void Convolution::State::use_winograd(const LayerView& view, const WinogradPlan& chosen) {
    winograd = std::make_unique<Winograd>(view, geometry, options, chosen);
    info.kernel_name = "winograd";
    info.weight_bytes = winograd->weight_bytes();
    info.prepared_bytes = int64_t(winograd->prepared_bytes());
    info.workspace_bytes = int64_t(sizeof(float) * winograd->workspace_floats());
    info.tiles = winograd->tile_count();
    info.tile_width = int64_t{chosen.side} * chosen.side;
}

// Groups before the range to walk too: blocks that start there reach into the range.
uint32_t Convolution::State::lead_in(const RowRange& range) const {
    return range.first_group > 0 && layer.block_size > 1 && !layer.aligned ? 1 : 0;
}

// Everything of a walk but where its rows go.
Walk Convolution::State::walk_of(const RowRange& range, const Space& space) const {
    const uint32_t first = range.first_group - lead_in(range);
    Walk walk;
    walk.panel = space.panel;
    walk.bias = layer.bias.data() + 4 * size_t{first} * layer.group_rows;
    walk.columns_total = columns;
    walk.low = clamp.low;
    walk.high = clamp.high;
    if (layer.block_size == 0) {
        walk.weights = layer.weights + size_t{first} * columns * layer.group_rows;
        return walk;
    }
    const size_t block = layer.group_begin[first];
    walk.counts = layer.counts.data() + (layer.aligned ? first : size_t{first} * layer.group_rows);
    walk.columns = layer.columns + block;
    walk.weights = layer.weights + block * size_t(layer.block_size);
    return walk;
}

void Convolution::State::compute(const Tile& tile, const RowRange& range, const KernelSet& kernels,
                                 const Space& space) {
    const TileKernel& kernel = kernels.tiles[tile.kernel];
    const int64_t plane = geometry.out_plane(), image = tile.first / plane;
    const size_t width = size_t(kernel.width());
    const bool whole_tile = tile.count == kernel.width() && (tile.first + tile.count - 1) / plane == image;
    const bool direct = whole_tile && !by_scratch;
    space.packer.pack(*kernels.copies, x, tile.first, tile.count, kernel.panel_stride(), space.panel);
    Walk walk = walk_of(range, space);
    walk.spans[0] = {lead_in(range), space.aside, width};
    const uint32_t first_row = range.first_group * layer.group_rows, whole = rows / layer.group_rows;
    const uint32_t end_row = std::min(rows, first_row + range.groups * layer.group_rows);
    const uint32_t cut = direct && range.first_group + range.groups > whole ? 1 : 0;  // last group has too few rows
    float* const scratch = space.scratch + first_row * width;
    if (direct) {
        walk.spans[1] = {range.groups - cut, y + (image * rows + first_row) * plane + tile.first % plane,
                         size_t(plane)};
        walk.spans[2] = {cut, space.aside, width};
    } else {
        walk.spans[1] = {range.groups, scratch, width};
    }
    (layer.aligned ? kernel.aligned : kernel.walk)[clamp.used](walk);
    if (!direct) store(tile, first_row, end_row - first_row, kernel.width(), scratch);
    if (cut) store(tile, whole * layer.group_rows, rows - whole * layer.group_rows, kernel.width(), space.aside);
}

// Rows of a tile to the output, with the residual and the activation that the kernel has left out.
void Convolution::State::store(const Tile& tile, uint32_t first_row, uint32_t row_count, int stride,
                               const float* from) {
    const PlanarKernels& planar = planar_kernels();
    const int64_t plane = geometry.out_plane();
    const Clamp last = clamp_of(activation);
    const PassFunction curve = last.exact ? nullptr : curve_of(planar, activation);
    for (int p = 0; p < tile.count;) {
        const int64_t image = (tile.first + p) / plane, within = (tile.first + p) % plane;
        const int run = int(std::min<int64_t>(tile.count - p, plane - within));
        const int64_t at = (image * rows + first_row) * plane + within;
        Pass pass{from + p, nullptr, y + at, run, row_count, stride, plane, plane, last.low, last.high};
        if (residual) {
            pass.b = residual + at;
            planar.add(pass);
            if (curve) curve({y + at, nullptr, y + at, run, row_count, plane, 0, plane, 0, 0});
        } else if (curve) {
            curve(pass);
        } else {
            for (uint32_t r = 0; r < row_count; ++r)
                std::copy_n(from + p + int64_t{r} * stride, run, y + at + r * plane);
        }
        p += run;
    }
}

void Convolution::State::work(unsigned thread) {
    const KernelSet& kernels = kernels_for(options.core);
    float* const base = workspace + thread * thread_floats();
    const Space space{packers[thread], base, base + panel_floats, base + panel_floats + scratch_floats};
    for (;;) {
        const size_t item = next.fetch_add(1, std::memory_order_relaxed);
        if (item >= tiles.size() * ranges.size()) return;
        compute(tiles[item / ranges.size()], ranges[item % ranges.size()], kernels, space);
    }
}

}  // namespace ubp
