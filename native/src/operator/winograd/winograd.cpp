#include "operator/winograd/winograd.h"

#include <algorithm>

#include "operator/cores.h"
#include "operator/winograd/winograd_weights.h"
#include "threads/item_loop.h"

namespace ubp {
namespace {

constexpr int64_t item_rows = 8;  // channels or output rows that a thread transforms at a time
// Between elements: else those of one tile would lie in few sets of a cache.
constexpr int64_t element_gap = 16;

int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

WinogradTile kernels_of(int side) {
    const WinogradKernels& all = winograd_kernels();
    return all.tiles[0].side == side ? all.tiles[0] : all.tiles[1];
}

int64_t row_floats_of(const std::vector<Tile>& walks, const KernelSet<float>& kernels) {
    int64_t floats = 0;
    for (const Tile& walk : walks) floats += kernels.tiles[walk.kernel].panel_stride();
    return floats;
}

// Each value four times, for one more group of rows than there are.
AlignedBuffer spread_bias(const float* bias, size_t rows, size_t groups) {
    AlignedBuffer made(4 * (groups + 1) * dense_rows);
    for (size_t r = 0; bias && r < rows; ++r) std::fill_n(made.data() + 4 * r, 4, bias[r]);
    return made;
}

}  // namespace

Winograd::Winograd(const LayerView& layer, const Geometry& geometry, const ConvolutionOptions& options,
                   const WinogradPlan& plan)
    : geometry_(geometry),
      options_(options),
      plan_(plan),
      kernels_(kernels_of(plan.side)),
      rows_(layer.rows),
      channels_(layer.in_channels),
      elements_(kernels_.elements()),
      groups_((layer.rows + dense_rows - 1) / dense_rows),
      activation_(layer.activation),
      clamp_(clamp_of(layer.activation)),
      weights_(winograd_weights(layer, plan.side)),
      bias_(spread_bias(layer.bias, layer.rows, groups_)),
      no_bias_(spread_bias(nullptr, 0, groups_)) {
    if (!clamp_.exact) curve_ = curve_of(planar_kernels<float>(), activation_);
    const int64_t all_rows = geometry.batch * plan.tiles_h, rest = all_rows % plan.batch_rows;
    const KernelSet<float>& kernels = kernels_for<float>(options.core);
    walks_ = plan_tiles(kernels, 0, 1, plan.batch_rows * plan.tiles_w);
    if (rest > 0) last_walks_ = plan_tiles(kernels, 0, 1, rest * plan.tiles_w);
    const int64_t most = std::max(row_floats_of(walks_, kernels), row_floats_of(last_walks_, kernels));
    panel_stride_ = most * channels_ + element_gap;
    product_stride_ = most * int64_t(groups_) * dense_rows + element_gap;
    panel_floats_ = size_t(round_up(elements_ * panel_stride_ + 2 * most, 16));
    shared_floats_ = panel_floats_ + size_t(round_up(elements_ * product_stride_, 16));
    padded_stride_ = round_up(plan.tiles_w * plan.side + 2, 4);
    strip_stride_ = round_up(plan.tiles_w * plan.side, 4);
    padded_floats_ = size_t(round_up(plan.batch_rows * kernels_.reach() * padded_stride_, 16));
    const size_t strip_floats = size_t(round_up((plan.batch_rows + 1) * plan.side * strip_stride_ + 16, 16));
    thread_floats_ = padded_floats_ + strip_floats;
    batch_.groups.reserve(size_t(most / 4));
    batch_.inputs.reserve(size_t(plan.batch_rows * kernels_.reach()));
    batch_.outputs.reserve(size_t(plan.batch_rows * plan.side));
    if (!options.shared_workspace) owned_ = AlignedBuffer(workspace_floats());
    workspace_ = owned_.data();
}

void Winograd::run(const float* x, float* y, ThreadPool& pool, const float* residual) {
    const Call call{x, y, residual, pool};
    const int64_t all_rows = geometry_.batch * plan_.tiles_h;
    for (int64_t first = 0; first < all_rows; first += plan_.batch_rows) {
        set_batch(first, std::min(plan_.batch_rows, all_rows - first));
        transform_inputs(call);
        multiply(call);
        transform_outputs(call);
    }
}

void Winograd::set_batch(int64_t first, int64_t rows) {
    batch_.first = first, batch_.rows = rows;
    batch_.walks = rows == plan_.batch_rows ? &walks_ : &last_walks_;
    batch_.row_floats = 0;
    batch_.groups.clear(), batch_.inputs.clear(), batch_.outputs.clear();
    for (const Tile& walk : *batch_.walks) {
        add_groups(walk, batch_.row_floats);
        batch_.row_floats += kernels_for<float>(options_.core).tiles[walk.kernel].panel_stride();
    }
    for (int64_t row = 0; row < rows; ++row) add_rows(row);
}

// Four lanes of a walk's panel at a time.
void Winograd::add_groups(const Tile& walk, int64_t before) {
    const int32_t step = kernels_for<float>(options_.core).tiles[walk.kernel].panel_stride(), side = plan_.side;
    const int64_t unused = batch_.rows * side * strip_stride_;
    for (int32_t within = 0; within < step; within += 4) {
        TileGroup group{{}, {}, int32_t(before), step, within};
        for (int lane = 0; lane < 4; ++lane) {
            const bool used = within + lane < walk.count;
            const int64_t tile = walk.first + std::min<int64_t>(within + lane, walk.count - 1);
            const int64_t row = tile / plan_.tiles_w, column = tile % plan_.tiles_w * side;
            group.from[lane] = int32_t(row * kernels_.reach() * padded_stride_ + column);
            group.to[lane] = int32_t(used ? row * side * strip_stride_ + column : unused);
        }
        batch_.groups.push_back(group);
    }
}

// The input and output rows of a row of tiles, as far as they lie inside of the image.
void Winograd::add_rows(int64_t row) {
    const Geometry& g = geometry_;
    const int64_t image = (batch_.first + row) / plan_.tiles_h;
    const int64_t top = (batch_.first + row) % plan_.tiles_h * plan_.side;
    for (int64_t i = 0; i < kernels_.reach(); ++i) {
        const int64_t from = top - g.pad_h + i;
        if (from < 0 || from >= g.height) continue;
        batch_.inputs.push_back({int32_t(image * g.channels * g.plane() + from * g.width),
                                 int32_t((row * kernels_.reach() + i) * padded_stride_ + g.pad_w)});
    }
    for (int64_t i = 0; i < plan_.side && top + i < g.out_h; ++i) {
        batch_.outputs.push_back({int32_t((row * plan_.side + i) * strip_stride_),
                                  int32_t(image * rows_ * g.out_plane() + (top + i) * g.out_w)});
    }
}

void Winograd::transform_inputs(const Call& call) {
    const int64_t items = (channels_ + item_rows - 1) / item_rows;
    for_each_item(call.pool, options_.threads, items, [&](int64_t item, unsigned thread) {
        const int64_t first = item * item_rows;
        WinogradInput in;
        in.x = call.x + first * geometry_.plane(), in.plane = geometry_.plane();
        in.channels = std::min(item_rows, channels_ - first);
        in.first_channel = first, in.all_channels = channels_;
        in.rows = batch_.inputs.data(), in.row_count = int64_t(batch_.inputs.size()), in.width = geometry_.width;
        in.padded = thread_space(thread), in.padded_stride = padded_stride_;
        in.groups = batch_.groups.data(), in.group_count = int64_t(batch_.groups.size());
        in.panels = workspace_, in.element_stride = panel_stride_;
        std::fill_n(in.padded, padded_floats_, 0.0f);
        kernels_.input(in);
    });
}

// The product of the points (1, 1) starts at the bias: it arrives at every output of its tile.
void Winograd::multiply(const Call& call) {
    const int64_t of_bias = kernels_.reach() + 1, group_rows = int64_t(groups_) * dense_rows;
    for_each_item(call.pool, options_.threads, elements_, [&](int64_t element, unsigned) {
        const KernelSet<float>& kernels = kernels_for<float>(options_.core);
        Walk<float> walk;
        walk.weights = weights_.data() + element * group_rows * channels_;
        walk.bias = element == of_bias ? bias_.data() : no_bias_.data();
        walk.columns_total = uint32_t(channels_);
        int64_t before = 0;
        for (const Tile& tile : *batch_.walks) {
            const TileKernel<float>& kernel = kernels.tiles[tile.kernel];
            walk.panel = workspace_ + element * panel_stride_ + before * channels_;
            float* const out = products() + element * product_stride_ + before * group_rows;
            walk.spans[1] = {uint32_t(groups_), out, size_t(kernel.panel_stride())};
            kernel.walk[0](walk);
            before += kernel.panel_stride();
        }
    });
}

void Winograd::transform_outputs(const Call& call) {
    const int64_t items = (rows_ + item_rows - 1) / item_rows, plane = geometry_.out_plane();
    for_each_item(call.pool, options_.threads, items, [&](int64_t item, unsigned thread) {
        const int64_t first = item * item_rows;
        WinogradOutput out;
        out.products = products(), out.element_stride = product_stride_;
        out.first_row = first, out.row_count = std::min(item_rows, rows_ - first);
        out.all_rows = int64_t(groups_) * dense_rows;
        out.groups = batch_.groups.data(), out.group_count = int64_t(batch_.groups.size());
        out.strip = thread_space(thread) + padded_floats_, out.strip_stride = strip_stride_;
        out.copies = batch_.outputs.data(), out.copy_count = int64_t(batch_.outputs.size()),
        out.width = geometry_.out_w;
        out.low = clamp_.low, out.high = clamp_.high;
        out.y = call.y + first * plane, out.plane = plane;
        out.residual = call.residual ? call.residual + first * plane : nullptr;
        kernels_.output(out);
        if (curve_) apply_curve(out.y, out.row_count);
    });
}

// The output rows of a batch follow each other within an image.
void Winograd::apply_curve(float* y, int64_t rows) const {
    const int64_t plane = geometry_.out_plane(), width = geometry_.out_w;
    const std::vector<RowCopy>& copies = batch_.outputs;
    for (size_t begin = 0, end; begin < copies.size(); begin = end) {
        for (end = begin + 1; end < copies.size() && copies[end].to == copies[end - 1].to + width;) ++end;
        float* const at = y + copies[begin].to;
        curve_({at, nullptr, at, int64_t(end - begin) * width, rows, plane, 0, plane, 0, 0});
    }
}

}  // namespace ubp
