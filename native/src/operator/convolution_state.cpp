#include "operator/convolution_state.h"

#include <algorithm>

#include "kernels/planar/convert.h"
#include "operator/cores.h"

namespace ubp {
namespace {

// The error of a sum in fp16 grows with its length; two thousand products lose a hundredth.
constexpr uint32_t longest_half_sum = 1024, half_part = 512;

size_t whole_lines(size_t bytes) { return (bytes + 63) / 64 * 64; }

constexpr int round_up(int count, int step) { return (count + step - 1) / step * step; }

}  // namespace

template <class T, class A>
bool TypedState<T, A>::use_winograd(const LayerView& view) {
    if constexpr (converts) {
        return (void)view, false;
    } else {
        const WinogradPlan chosen = plan_winograd<T, A>(view, geometry, options);
        if (chosen.side == 0) return false;
        winograd = std::make_unique<TypedWinograd<T, A>>(view, geometry, options, chosen);
        info.kernel_name = "winograd";
        info.weight_bytes = int64_t(winograd->weight_bytes());
        info.prepared_bytes = int64_t(winograd->prepared_bytes());
        info.workspace_bytes = int64_t(winograd->workspace_bytes());
        info.tiles = geometry.batch * chosen.tiles_h * chosen.tiles_w;
        info.tile_width = int64_t{chosen.side} * chosen.side;
        return true;
    }
}

template <class T, class A>
const char* TypedState<T, A>::core_name() const {
    return kernels_for<A>(options.core).name;
}

template <class T, class A>
void TypedState<T, A>::prepare(const LayerView& view) {
    const bool dense = info.kernel == Kernel::dense;
    layer = dense ? prepare_dense<A>(view) : prepare_sparse<A>(view, info.kernel == Kernel::abp);
    const uint64_t kept = uint64_t{view.block_count} * view.block_size;
    const uint64_t filled = uint64_t{layer.groups} * layer.group_rows * view.columns;
    info.weight_bytes = int64_t(sizeof(A) * (dense ? filled : kept));
    info.prepared_bytes = int64_t(layer.bytes());
    plan(view);
}

template <class T, class A>
void TypedState<T, A>::plan(const LayerView& view) {
    const KernelSet<A>& kernels = kernels_for<A>(options.core);
    part = view.columns;
    if (sizeof(A) == 2 && layer.block_size == 0 && columns > longest_half_sum) {
        part = half_part;
        no_bias = AlignedArray<A>(2 * dense_rows * lanes<A>);
    }
    by_scratch = converts || options.residual || !clamp_of(activation).exact || part < columns;
    clamp = options.residual ? clamp_of(Activation::none) : clamp_of(activation);
    tiles = plan_tiles(kernels, layer.block_size, geometry.batch, geometry.out_plane());
    ranges = split_rows(layer.groups, tiles.size(), options.threads);
    int widest = 0;
    for (const Tile& tile : tiles) widest = std::max(widest, kernels.tiles[tile.kernel].panel_stride());
    panel_bytes = whole_lines(sizeof(A) * (size_t{view.columns} + 2) * size_t(widest));
    scratch_bytes = whole_lines(sizeof(A) * size_t{layer.groups} * layer.group_rows * size_t(widest));
    aside_bytes = whole_lines(sizeof(A) * size_t{layer.group_rows} * size_t(widest));
    if (converts) packed_bytes = whole_lines(sizeof(T) * size_t{view.columns} * size_t(round_up(widest, lanes<T>)));
    threads = unsigned(std::min<size_t>(options.threads, tiles.size() * ranges.size()));
    packers.assign(threads, PanelPacker<T>(geometry));
    info.workspace_bytes = int64_t(threads * thread_bytes());
    if (!options.shared_workspace) owned = AlignedArray<char>(threads * thread_bytes());
    workspace = owned.data();
    info.tiles = int64_t(tiles.size());
    info.tile_width = tiles.front().count;
}

// Groups before the range to walk too: blocks that start there reach into the range.
template <class T, class A>
uint32_t TypedState<T, A>::lead_in(const RowRange& range) const {
    return range.first_group > 0 && layer.block_size > 1 && !layer.aligned ? 1 : 0;
}

// Everything of a walk but where its rows go.
template <class T, class A>
Walk<A> TypedState<T, A>::walk_of(const RowRange& range, const Space& space) const {
    const uint32_t first = range.first_group - lead_in(range);
    Walk<A> walk;
    walk.panel = space.panel;
    walk.bias = layer.bias.data() + lanes<A> * size_t{first} * layer.group_rows;
    walk.columns_total = columns;
    walk.low = A(clamp.low);
    walk.high = A(clamp.high);
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

template <class T, class A>
void TypedState<T, A>::pack(const Tile& tile, const TileKernel<A>& kernel, const KernelSet<A>& kernels,
                            const Space& space) const {
    const T* from = static_cast<const T*>(x);
    const int stride = kernel.panel_stride();
    if constexpr (!converts) {
        space.packer.pack(*kernels.copies, from, tile.first, tile.count, stride, space.panel);
    } else {
        const int packed = round_up(stride, lanes<T>);
        space.packer.pack(*kernels_for<T>(options.core).copies, from, tile.first, tile.count, packed, space.packed);
        widen({space.packed, space.panel, stride, columns, packed, stride});
    }
}

template <class T, class A>
void TypedState<T, A>::compute(const Tile& tile, const RowRange& range, const KernelSet<A>& kernels,
                               const Space& space) {
    const TileKernel<A>& kernel = kernels.tiles[tile.kernel];
    const int64_t plane = geometry.out_plane(), image = tile.first / plane;
    const size_t width = size_t(kernel.width());
    const bool whole_tile = tile.count == kernel.width() && (tile.first + tile.count - 1) / plane == image;
    const bool direct = whole_tile && !by_scratch;
    pack(tile, kernel, kernels, space);
    Walk<A> walk = walk_of(range, space);
    walk.spans[0] = {lead_in(range), space.aside, width};
    const uint32_t first_row = range.first_group * layer.group_rows, whole = rows / layer.group_rows;
    const uint32_t end_row = std::min(rows, first_row + range.groups * layer.group_rows);
    const uint32_t cut = direct && range.first_group + range.groups > whole ? 1 : 0;  // last group has too few rows
    A* const scratch = space.scratch + first_row * width;
    if (direct) {
        A* const out = static_cast<A*>(y) + (image * rows + first_row) * plane + tile.first % plane;
        walk.spans[1] = {range.groups - cut, out, size_t(plane)};
        walk.spans[2] = {cut, space.aside, width};
    } else {
        walk.spans[1] = {range.groups, scratch, width};
    }
    if (part < columns) walk_in_parts(kernel, walk, space);
    else (layer.aligned ? kernel.aligned : kernel.walk)[clamp.used](walk);
    if (!direct) store(tile, first_row, end_row - first_row, kernel.width(), scratch);
    if (cut) store(tile, whole * layer.group_rows, rows - whole * layer.group_rows, kernel.width(), space.aside);
}

// Group by group: the products of the first columns to their place, those of the others added there. The clamp comes
// with the last.
template <class T, class A>
void TypedState<T, A>::walk_in_parts(const TileKernel<A>& kernel, const Walk<A>& whole, const Space& space) const {
    const Span<A>& rows_out = whole.spans[1];
    const int64_t count = int64_t(dense_rows * rows_out.stride);
    for (uint32_t group = 0; group < rows_out.groups; ++group) {
        A* const out = rows_out.out + group * count;
        for (uint32_t first = 0; first < columns; first += part) {
            Walk<A> walk;
            walk.panel = whole.panel + size_t{first} * size_t(kernel.panel_stride());
            walk.weights = whole.weights + (size_t{group} * columns + first) * dense_rows;
            walk.bias = first == 0 ? whole.bias + size_t{group} * dense_rows * lanes<A> : no_bias.data();
            walk.columns_total = std::min(part, columns - first);
            walk.spans[1] = {1, first == 0 ? out : space.aside, rows_out.stride};
            kernel.walk[0](walk);
            const Clamp after = first + part < columns ? clamp_of(Activation::none) : clamp;
            if (first != 0) planar_kernels<A>().add({out, space.aside, out, count, 1, 0, 0, 0, after.low, after.high});
        }
    }
}

// Rows of a tile to the output, image by image.
template <class T, class A>
void TypedState<T, A>::store(const Tile& tile, uint32_t first_row, uint32_t row_count, int stride, A* from) {
    const int64_t plane = geometry.out_plane();
    for (int p = 0; p < tile.count;) {
        const int64_t image = (tile.first + p) / plane, within = (tile.first + p) % plane;
        const int run = int(std::min<int64_t>(tile.count - p, plane - within));
        store_run((image * rows + first_row) * plane + within, row_count, run, stride, from + p);
        p += run;
    }
}

// A few positions of some rows, with the residual and the activation that the kernel has left out; `from` may be
// overwritten.
template <class T, class A>
void TypedState<T, A>::store_run(int64_t at, uint32_t row_count, int64_t count, int stride, A* from) {
    const PlanarKernels<A>& planar = planar_kernels<A>();
    const int64_t plane = geometry.out_plane();
    const Clamp last = clamp_of(activation);
    const PassFunction<A> curve = last.exact ? nullptr : curve_of(planar, activation);
    T* const to = static_cast<T*>(y) + at;
    const T* const addend = residual ? static_cast<const T*>(residual) + at : nullptr;
    if constexpr (converts) {
        constexpr int64_t most = PanelPacker<A>::most_positions, most_rows = 8;
        A wide[most_rows * most];
        for (uint32_t r = 0; addend && r < row_count; r += most_rows) {
            const int64_t some = std::min<int64_t>(most_rows, row_count - r);
            A* const rows = from + int64_t{r} * stride;
            widen({addend + r * plane, wide, count, some, plane, most});
            planar.add({rows, wide, rows, count, some, stride, most, stride, last.low, last.high});
        }
        if (curve) curve({from, nullptr, from, count, row_count, stride, 0, stride, 0, 0});
        narrow({from, to, count, row_count, stride, plane});
    } else if (addend) {
        planar.add({from, addend, to, count, row_count, stride, plane, plane, last.low, last.high});
        if (curve) curve({to, nullptr, to, count, row_count, plane, 0, plane, 0, 0});
    } else if (curve) {
        curve({from, nullptr, to, count, row_count, stride, 0, plane, 0, 0});
    } else {
        for (uint32_t r = 0; r < row_count; ++r) std::copy_n(from + int64_t{r} * stride, count, to + r * plane);
    }
}

template <class T, class A>
void TypedState<T, A>::work(unsigned thread) {
    const KernelSet<A>& kernels = kernels_for<A>(options.core);
    char* at = workspace + thread * thread_bytes();
    const auto take = [&at](size_t bytes) {
        char* const begin = at;
        at += bytes;
        return static_cast<void*>(begin);
    };
    A *const panel = static_cast<A*>(take(panel_bytes)), *const scratch = static_cast<A*>(take(scratch_bytes));
    A* const aside = static_cast<A*>(take(aside_bytes));
    const Space space{packers[thread], panel, scratch, aside, static_cast<T*>(take(packed_bytes))};
    for (;;) {
        const size_t item = next.fetch_add(1, std::memory_order_relaxed);
        if (item >= tiles.size() * ranges.size()) return;
        compute(tiles[item / ranges.size()], ranges[item % ranges.size()], kernels, space);
    }
}

template struct TypedState<float, float>;
template struct TypedState<Half, Half>;
template struct TypedState<Half, float>;

}  // namespace ubp
