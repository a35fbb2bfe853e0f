#include "ubp/convolution.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "operator/activation.h"
#include "operator/break_even.h"
#include "operator/cores.h"
#include "operator/prepared_layer.h"
#include "operator/tile_plan.h"
#include "packing/panel.h"

namespace ubp {
namespace {

constexpr int64_t largest_array = int64_t{1} << 31;  // floats: offsets inside an image are 32 bits

// Groups of rows that one thread computes for one tile.
struct RowRange {
    uint32_t first_group, groups;
};

struct Workspace {
    PanelPacker packer;
    AlignedBuffer panel;    // [K + 2][stride of the widest tile]
    AlignedBuffer scratch;  // rows of a ragged tile, all groups
    AlignedBuffer aside;    // rows that nobody wants
};

std::string check(const LayerView& layer, const ConvolutionOptions& o, const Geometry& g) {
    if (o.batch < 1 || o.height < 1 || o.width < 1) return "batch, height and width must be at least 1";
    if (o.threads < 1 || o.threads > 64) return "threads must be 1..64";
    if (layer.rows < 1 || layer.columns < 1 || layer.columns > 65536) return "rows or columns of the layer out of range";
    const uint32_t n = layer.block_size;
    if (n != 0 && n != 1 && n != 2 && n != 4 && n != 8 && n != 16) return "block size must be 1, 2, 4, 8 or 16";
    if (uint64_t{layer.in_channels} * layer.kernel_h * layer.kernel_w != layer.columns) {
        return "columns must be input channels times kernel height times kernel width";
    }
    if (layer.groups != 1) return "this operator runs layers with one group";
    if (layer.activation > Activation::hard_swish) return "this operator has no such activation";
    if (layer.stride_h < 1 || layer.stride_w < 1 || layer.dilation_h < 1 || layer.dilation_w < 1) {
        return "stride and dilation must be at least 1";
    }
    if (g.out_h < 1 || g.out_w < 1) return "the image is smaller than the kernel";
    const double inputs = double(o.batch) * double(layer.in_channels) * double(o.height) * double(o.width);
    const double outputs = double(o.batch) * double(layer.rows) * double(g.out_h) * double(g.out_w);
    if (inputs >= double(largest_array) || outputs >= double(largest_array)) return "input or output of 2^31 values or more";
    if (o.kernel == Kernel::abp && n != 0 && !has_aligned_blocks(layer)) return "abp asked for, but blocks are not aligned";
    if ((o.kernel == Kernel::abp || o.kernel == Kernel::ubp) && n == 0) return "abp or ubp asked for, but the layer is dense";
    return "";
}

Kernel resolve(const LayerView& layer, Kernel wanted) {
    if (layer.is_dense()) return Kernel::dense;
    if (wanted == Kernel::sparse) return has_aligned_blocks(layer) ? Kernel::abp : Kernel::ubp;
    return wanted;
}

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

}  // namespace

struct Convolution::State {
    Geometry geometry;
    ConvolutionOptions options;
    ConvolutionInfo info;
    PreparedLayer layer;
    Clamp clamp;
    bool hard_swish = false;
    uint32_t rows = 0, columns = 0;
    std::vector<Tile> tiles;
    std::vector<RowRange> ranges;
    std::vector<Workspace> workspaces;  // one per thread

    const float* x = nullptr;  // of the current run
    float* y = nullptr;
    std::atomic<size_t> next{0};

    void plan(const LayerView& view);
    uint32_t lead_in(const RowRange& range) const;
    Walk walk_of(const RowRange& range, Workspace& space) const;
    void compute(const Tile& tile, const RowRange& range, const KernelSet& kernels, Workspace& space);
    void copy_out(const Tile& tile, const RowRange& range, uint32_t first_row, int stride, const float* from);
    void finish_activation(const Tile& tile, const RowRange& range);
    void work(unsigned thread);
};

void Convolution::State::plan(const LayerView& view) {
    const KernelSet& kernels = kernels_for(options.core);
    tiles = plan_tiles(kernels, layer.block_size, geometry.batch, geometry.out_plane());
    ranges = split_rows(layer.groups, tiles.size(), options.threads);
    int widest = 0;
    for (const Tile& tile : tiles) widest = std::max(widest, kernels.tiles[tile.kernel].panel_stride());
    const unsigned threads = unsigned(std::min<size_t>(options.threads, tiles.size() * ranges.size()));
    for (unsigned t = 0; t < threads; ++t) {
        workspaces.push_back({PanelPacker(geometry), AlignedBuffer((size_t{view.columns} + 2) * size_t(widest)),
                              AlignedBuffer(size_t{layer.groups} * layer.group_rows * size_t(widest)),
                              AlignedBuffer(size_t{layer.group_rows} * size_t(widest))});
        info.workspace_bytes += int64_t(4 * (workspaces[t].panel.size() + workspaces[t].scratch.size()));
    }
    info.tiles = int64_t(tiles.size());
    info.tile_width = tiles.front().count;
}

// Groups before the range to walk too: blocks that start there reach into the range.
uint32_t Convolution::State::lead_in(const RowRange& range) const {
    return range.first_group > 0 && layer.block_size > 1 && !layer.aligned ? 1 : 0;
}

// Everything of a walk but where its rows go.
Walk Convolution::State::walk_of(const RowRange& range, Workspace& space) const {
    const uint32_t first = range.first_group - lead_in(range);
    Walk walk;
    walk.panel = space.panel.data();
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
    walk.columns = layer.columns.data() + block;
    walk.weights = layer.weights + block * size_t(layer.block_size);
    return walk;
}

void Convolution::State::compute(const Tile& tile, const RowRange& range, const KernelSet& kernels, Workspace& space) {
    const TileKernel& kernel = kernels.tiles[tile.kernel];
    const int64_t plane = geometry.out_plane(), image = tile.first / plane;
    const size_t width = size_t(kernel.width());
    const bool direct = tile.count == kernel.width() && (tile.first + tile.count - 1) / plane == image;
    space.packer.pack(*kernels.copies, x, tile.first, tile.count, kernel.panel_stride(), space.panel.data());
    Walk walk = walk_of(range, space);
    walk.spans[0] = {lead_in(range), space.aside.data(), width};
    const uint32_t first_row = range.first_group * layer.group_rows, whole = rows / layer.group_rows;
    const uint32_t cut = direct && range.first_group + range.groups > whole ? 1 : 0;  // last group has too few rows
    if (direct) {
        walk.spans[1] = {range.groups - cut, y + (image * rows + first_row) * plane + tile.first % plane, size_t(plane)};
        walk.spans[2] = {cut, space.aside.data(), width};
    } else {
        walk.spans[1] = {range.groups, space.scratch.data() + first_row * width, width};
    }
    (layer.aligned ? kernel.aligned : kernel.walk)[clamp.used](walk);
    if (!direct) copy_out(tile, range, 0, kernel.width(), space.scratch.data());
    if (cut) copy_out(tile, range, whole * layer.group_rows, kernel.width(), space.aside.data());
    if (hard_swish) finish_activation(tile, range);
}

// Copies the range's rows from first_row on to the output; from[0] is the first position of first_row.
void Convolution::State::copy_out(const Tile& tile, const RowRange& range, uint32_t first_row, int stride,
                                  const float* from) {
    const int64_t plane = geometry.out_plane();
    const uint32_t begin = std::max(first_row, range.first_group * layer.group_rows);
    const uint32_t end = std::min(rows, begin + range.groups * layer.group_rows);
    for (int p = 0; p < tile.count;) {
        const int64_t image = (tile.first + p) / plane, within = (tile.first + p) % plane;
        const int run = int(std::min<int64_t>(tile.count - p, plane - within));
        for (uint32_t r = begin; r < end; ++r) {
            std::copy_n(from + int64_t{r - first_row} * stride + p, run, y + (image * rows + r) * plane + within);
        }
        p += run;
    }
}

void Convolution::State::finish_activation(const Tile& tile, const RowRange& range) {
    const int64_t plane = geometry.out_plane();
    const uint32_t begin = range.first_group * layer.group_rows;
    const uint32_t end = std::min(rows, begin + range.groups * layer.group_rows);
    for (int p = 0; p < tile.count;) {
        const int64_t image = (tile.first + p) / plane, within = (tile.first + p) % plane;
        const int run = int(std::min<int64_t>(tile.count - p, plane - within));
        for (uint32_t r = begin; r < end; ++r) apply_hard_swish(y + (image * rows + r) * plane + within, run);
        p += run;
    }
}

void Convolution::State::work(unsigned thread) {
    const KernelSet& kernels = kernels_for(options.core);
    for (;;) {
        const size_t item = next.fetch_add(1, std::memory_order_relaxed);
        if (item >= tiles.size() * ranges.size()) return;
        compute(tiles[item / ranges.size()], ranges[item % ranges.size()], kernels, workspaces[thread]);
    }
}

Convolution::Convolution(std::unique_ptr<State> state) : state_(std::move(state)) {}
Convolution::~Convolution() = default;

std::unique_ptr<Convolution> Convolution::create(const LayerView& layer, const ConvolutionOptions& options,
                                                 std::string& error) {
    const Geometry geometry = geometry_of(layer, options.batch, options.height, options.width);
    error = check(layer, options, geometry);
    if (!error.empty()) return nullptr;
    if (options.kernel == Kernel::measured && !layer.is_dense()) return create_measured(layer, options, error);
    auto state = std::make_unique<State>();
    state->geometry = geometry;
    state->options = options;
    state->rows = layer.rows;
    state->columns = layer.columns;
    state->clamp = clamp_of(layer.activation);
    state->hard_swish = layer.activation == Activation::hard_swish;
    ConvolutionInfo& info = state->info;
    info.kernel = resolve(layer, options.kernel);
    info.kernel_name = info.kernel == Kernel::dense ? "dense" : (info.kernel == Kernel::abp ? "abp" : "ubp");
    info.out_height = geometry.out_h;
    info.out_width = geometry.out_w;
    state->layer = info.kernel == Kernel::dense ? prepare_dense(layer) : prepare_sparse(layer, info.kernel == Kernel::abp);
    const uint64_t kept = uint64_t{layer.block_count} * layer.block_size;
    const uint64_t filled = uint64_t{state->layer.groups} * state->layer.group_rows * layer.columns;
    info.weight_bytes = int64_t(4 * (info.kernel == Kernel::dense ? filled : kept));
    state->plan(layer);
    return std::unique_ptr<Convolution>(new Convolution(std::move(state)));
}

std::unique_ptr<Convolution> Convolution::create_measured(const LayerView& layer, ConvolutionOptions options,
                                                          std::string& error) {
    options.kernel = Kernel::dense;
    std::unique_ptr<Convolution> dense = create(layer, options, error);
    options.kernel = Kernel::sparse;
    std::unique_ptr<Convolution> sparse = create(layer, options, error);
    if (!dense || !sparse) return nullptr;
    const Geometry& g = sparse->state_->geometry;
    const size_t outputs = size_t(g.positions()) * layer.rows;
    const BreakEven measured = measure_break_even(*dense, *sparse, size_t(g.input_floats()), outputs, options.threads);
    std::unique_ptr<Convolution>& chosen = measured.dense_ns < measured.sparse_ns ? dense : sparse;
    chosen->state_->info.dense_ns = measured.dense_ns;
    chosen->state_->info.sparse_ns = measured.sparse_ns;
    return std::move(chosen);
}

void Convolution::run(const float* x, float* y, ThreadPool& pool) {
    state_->x = x;
    state_->y = y;
    state_->next.store(0, std::memory_order_relaxed);
    pool.run(unsigned(state_->workspaces.size()),
             [](void* state, unsigned thread) { static_cast<State*>(state)->work(thread); }, state_.get());
}

ConvolutionInfo Convolution::info() const {
    ConvolutionInfo info = state_->info;
    info.core_name = kernels_for(state_->options.core).name;
    return info;
}

}  // namespace ubp
