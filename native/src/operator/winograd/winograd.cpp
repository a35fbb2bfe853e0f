#include "operator/winograd/winograd.h"

#include <algorithm>

#include "operator/cores.h"
#include "threads/item_loop.h"

namespace ubp {
namespace {

constexpr int64_t item_rows = 8;  // channels or output rows that a thread transforms at a time
// A cache line. It lies between elements: else those of one tile would lie in few sets of a cache.
template <class A>
constexpr int64_t line = 64 / int64_t(sizeof(A));

const Clamp no_clamp = clamp_of(Activation::none);

int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

template <class T, class A>
WinogradTile<T, A> kernels_of(int side) {
    const WinogradKernels<T, A>& all = winograd_kernels<T, A>();
    return all.tiles[0].side == side ? all.tiles[0] : all.tiles[1];
}

template <class A>
int64_t row_elements_of(const std::vector<Tile>& walks, const KernelSet<A>& kernels) {
    int64_t elements = 0;
    for (const Tile& walk : walks) elements += kernels.tiles[walk.kernel].panel_stride();
    return elements;
}

template <class A>
AlignedArray<A> bias_of(const LayerView& layer) {
    AlignedArray<A> made(layer.rows);
    std::copy_n(layer.bias, layer.rows, made.data());
    return made;
}

}  // namespace

template <class T, class A>
TypedWinograd<T, A>::TypedWinograd(const LayerView& layer, const Geometry& geometry, const ConvolutionOptions& options,
                                   const WinogradPlan& plan)
    : geometry_(geometry),
      options_(options),
      plan_(plan),
      kernels_(kernels_of<T, A>(plan.side)),
      rows_(layer.rows),
      channels_(layer.in_channels),
      part_(winograd_part<A>(channels_)),
      elements_(kernels_.elements()),
      groups_((layer.rows + dense_rows - 1) / dense_rows),
      activation_(layer.activation),
      clamp_(clamp_of(layer.activation)),
      weights_(winograd_weights<A>(layer, plan.side)),
      bias_(bias_of<A>(layer)),
      no_bias_((groups_ + 1) * dense_rows * lanes<A>) {
    if (!clamp_.exact) curve_ = curve_of(planar_kernels<T>(), activation_);
    const int64_t all_rows = geometry.batch * plan.tiles_h, rest = all_rows % plan.batch_rows;
    const KernelSet<A>& kernels = kernels_for<A>(options.core);
    walks_ = plan_tiles(kernels, 0, 1, plan.batch_rows * plan.tiles_w);
    if (rest > 0) last_walks_ = plan_tiles(kernels, 0, 1, rest * plan.tiles_w);
    const int64_t most = std::max(row_elements_of(walks_, kernels), row_elements_of(last_walks_, kernels));
    panel_stride_ = most * channels_ + line<A>;
    product_stride_ = most * int64_t(groups_) * dense_rows + line<A>;
    panel_elements_ = size_t(round_up(elements_ * panel_stride_ + 2 * most, line<A>));
    shared_elements_ = panel_elements_ + size_t(round_up(elements_ * product_stride_, line<A>));
    padded_stride_ = round_up(plan.tiles_w * plan.side + 2, lanes<A>);
    strip_stride_ = round_up(plan.tiles_w * plan.side, lanes<A>);
    padded_elements_ = size_t(round_up(plan.batch_rows * kernels_.reach() * padded_stride_, line<A>));
    const int64_t strip = (plan.batch_rows + 1) * plan.side * strip_stride_ + line<A>;
    const int64_t sums = part_ < channels_ ? most * int64_t(groups_) * dense_rows : 0;
    thread_elements_ = size_t(round_up(std::max(int64_t(padded_elements_) + strip, sums), line<A>));
    batch_.groups.reserve(size_t(most / lanes<A>));
    batch_.inputs.reserve(size_t(plan.batch_rows * kernels_.reach()));
    batch_.outputs.reserve(size_t(plan.batch_rows * plan.side));
    if (!options.shared_workspace) owned_ = AlignedArray<A>(workspace_bytes() / sizeof(A));
    workspace_ = owned_.data();
}

template <class T, class A>
void TypedWinograd<T, A>::run(const void* x, void* y, ThreadPool& pool, const void* residual) {
    const Call call{static_cast<const T*>(x), static_cast<T*>(y), static_cast<const T*>(residual), pool};
    const int64_t all_rows = geometry_.batch * plan_.tiles_h;
    for (int64_t first = 0; first < all_rows; first += plan_.batch_rows) {
        set_batch(first, std::min(plan_.batch_rows, all_rows - first));
        transform_inputs(call);
        multiply(call);
        transform_outputs(call);
    }
}

template <class T, class A>
void TypedWinograd<T, A>::set_batch(int64_t first, int64_t rows) {
    batch_.first = first, batch_.rows = rows;
    batch_.walks = rows == plan_.batch_rows ? &walks_ : &last_walks_;
    batch_.row_elements = 0;
    batch_.groups.clear(), batch_.inputs.clear(), batch_.outputs.clear();
    for (const Tile& walk : *batch_.walks) {
        add_groups(walk, batch_.row_elements);
        batch_.row_elements += kernels_for<A>(options_.core).tiles[walk.kernel].panel_stride();
    }
    for (int64_t row = 0; row < rows; ++row) add_rows(row);
}

// A vector of a walk's panel at a time.
template <class T, class A>
void TypedWinograd<T, A>::add_groups(const Tile& walk, int64_t before) {
    const int32_t step = kernels_for<A>(options_.core).tiles[walk.kernel].panel_stride(), side = plan_.side;
    const int64_t unused = batch_.rows * side * strip_stride_;
    for (int32_t within = 0; within < step; within += lanes<A>) {
        TileGroup<A> group{{}, {}, int32_t(before), step, within};
        for (int lane = 0; lane < lanes<A>; ++lane) {
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
template <class T, class A>
void TypedWinograd<T, A>::add_rows(int64_t row) {
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

template <class T, class A>
void TypedWinograd<T, A>::transform_inputs(const Call& call) {
    const int64_t items = (channels_ + item_rows - 1) / item_rows;
    for_each_item(call.pool, options_.threads, items, [&](int64_t item, unsigned thread) {
        const int64_t first = item * item_rows;
        WinogradInput<T, A> in;
        in.x = call.x + first * geometry_.plane(), in.plane = geometry_.plane();
        in.channels = std::min(item_rows, channels_ - first);
        in.first_channel = first, in.all_channels = channels_;
        in.rows = batch_.inputs.data(), in.row_count = int64_t(batch_.inputs.size()), in.width = geometry_.width;
        in.padded = thread_space(thread), in.padded_stride = padded_stride_;
        in.groups = batch_.groups.data(), in.group_count = int64_t(batch_.groups.size());
        in.panels = workspace_, in.element_stride = panel_stride_;
        std::fill_n(in.padded, padded_elements_, A(0));
        kernels_.input(in);
    });
}

template <class T, class A>
void TypedWinograd<T, A>::multiply(const Call& call) {
    const int64_t group_rows = int64_t(groups_) * dense_rows;
    for_each_item(call.pool, options_.threads, elements_, [&](int64_t element, unsigned thread) {
        const KernelSet<A>& kernels = kernels_for<A>(options_.core);
        const A* const weights = weights_.elements.data() + element * group_rows * channels_;
        int64_t before = 0;
        for (const Tile& tile : *batch_.walks) {
            const TileKernel<A>& kernel = kernels.tiles[tile.kernel];
            const A* const panel = workspace_ + element * panel_stride_ + before * channels_;
            A* const out = products() + element * product_stride_ + before * group_rows;
            for (int64_t first = 0; first < channels_; first += part_)
                add_part(kernel, first, weights + first * group_rows, panel, out, thread);
            before += kernel.panel_stride();
        }
    });
}

// The products of some channels of one element: the first ones to `out`, the others added there.
template <class T, class A>
void TypedWinograd<T, A>::add_part(const TileKernel<A>& kernel, int64_t first, const A* weights, const A* panel, A* out,
                                   unsigned thread) const {
    A* const to = first == 0 ? out : thread_space(thread);
    Walk<A> walk;
    walk.weights = weights, walk.bias = no_bias_.data();
    walk.columns_total = uint32_t(std::min(part_, channels_ - first));
    walk.panel = panel + first * kernel.panel_stride();
    walk.spans[1] = {uint32_t(groups_), to, size_t(kernel.panel_stride())};
    kernel.walk[0](walk);
    const int64_t count = int64_t(groups_) * dense_rows * kernel.panel_stride();
    if (first != 0) planar_kernels<A>().add({out, to, out, count, 1, 0, 0, 0, no_clamp.low, no_clamp.high});
}

template <class T, class A>
void TypedWinograd<T, A>::transform_outputs(const Call& call) {
    const int64_t items = (rows_ + item_rows - 1) / item_rows, plane = geometry_.out_plane();
    for_each_item(call.pool, options_.threads, items, [&](int64_t item, unsigned thread) {
        const int64_t first = item * item_rows;
        WinogradOutput<T, A> out;
        out.products = products(), out.element_stride = product_stride_;
        out.first_row = first, out.row_count = std::min(item_rows, rows_ - first);
        out.all_rows = int64_t(groups_) * dense_rows;
        out.groups = batch_.groups.data(), out.group_count = int64_t(batch_.groups.size());
        out.strip = thread_space(thread) + padded_elements_, out.strip_stride = strip_stride_;
        out.copies = batch_.outputs.data(), out.copy_count = int64_t(batch_.outputs.size()),
        out.width = geometry_.out_w;
        out.scale = weights_.scale.data() + first, out.bias = bias_.data() + first;
        out.low = A(clamp_.low), out.high = A(clamp_.high);
        out.y = call.y + first * plane, out.plane = plane;
        out.residual = call.residual ? call.residual + first * plane : nullptr;
        kernels_.output(out);
        if (curve_) apply_curve(out.y, out.row_count);
    });
}

// The output rows of a batch follow each other within an image.
template <class T, class A>
void TypedWinograd<T, A>::apply_curve(T* y, int64_t rows) const {
    const int64_t plane = geometry_.out_plane(), width = geometry_.out_w;
    const std::vector<RowCopy>& copies = batch_.outputs;
    for (size_t begin = 0, end; begin < copies.size(); begin = end) {
        for (end = begin + 1; end < copies.size() && copies[end].to == copies[end - 1].to + width;) ++end;
        T* const at = y + copies[begin].to;
        curve_({at, nullptr, at, int64_t(end - begin) * width, rows, plane, 0, plane, 0, 0});
    }
}

template class TypedWinograd<float, float>;
template class TypedWinograd<Half, Half>;

}  // namespace ubp
