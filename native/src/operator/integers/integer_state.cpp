#include "operator/integers/integer_state.h"

#include <algorithm>

#include "operator/integer_cores.h"
#include "threads/item_loop.h"

namespace ubp {
namespace {

size_t whole_lines(size_t bytes) { return (bytes + 63) / 64 * 64; }

// Vector operations of a start row (dense: of a group of 8 rows) that has so many quads: products, columns zipped to
// quads, loads and addresses; then the way from sums to bytes.
double cost_of(const IntegerTile& tile, double quads) {
    const int rows = tile.block_size == 0 ? int(dense_rows) : tile.block_size, v = tile.vectors;
    const double zips = tile.form != Form::zipped ? 0.0 : v + (v > 2 ? 4.0 * ((v + 3) / 4) : 2.0);
    const double ended = tile.block_size == 0 ? dense_rows : 1.0;
    return quads * std::max(8.0, rows * v + zips + 0.5 * v + 2.0) + ended * (5.0 * v + 6.0);
}

// quads: of a start row, on average.
std::vector<TileChoice> choices_of(const IntegerSet& set, const PreparedIntegers& layer, uint32_t block_size,
                                   double quads) {
    std::vector<TileChoice> choices;
    for (int k = 0; k < set.tile_count; ++k) {
        const IntegerTile& tile = set.tiles[k];
        if (tile.form != layer.form || tile.block_size != int(block_size)) continue;
        if (tile.walk[int(Ending::sums)]) choices.push_back({tile.width(), k, cost_of(tile, quads)});
    }
    return choices;
}

}  // namespace

const char* IntegerState::core_name() const { return integer_kernels_for(options.core).name; }

void IntegerState::prepare(const LayerView& view) {
    const IntegerSet& set = integer_kernels_for(options.core);
    const LayerArrays arrays(view, options.integers, info.kernel == Kernel::dense);
    end = end_of(view, options.integers, options.residual);
    if (info.kernel == Kernel::abp && !set.complete) info.kernel = Kernel::ubp, info.kernel_name = "ubp";
    IntegerResult result = end.kernel_result();
    result.passed |= !set.complete;
    layer = prepare_integers(arrays.view, options.integers.x_zero_point, info.kernel == Kernel::abp, result);
    packer = BytePanelPacker(geometry, uint8_t(options.integers.x_zero_point),
                             layer.form == Form::grouped ? view.column_order : nullptr);
    const uint64_t kept = uint64_t{view.block_count} * view.block_size * view.block_columns;
    const bool dense = info.kernel == Kernel::dense;
    info.weight_bytes = int64_t(dense ? uint64_t{view.rows} * view.columns : kept);
    info.prepared_bytes = int64_t(layer.bytes() + packer.bytes());
    plan(set, arrays.view.block_size);
}

void IntegerState::plan(const IntegerSet& set, uint32_t block_size) {
    const size_t lists = layer.counts.size();
    const double quads = layer.form == Form::dense
                             ? double(layer.quads_total)
                             : double(layer.group_begin.back()) / double(std::max<size_t>(1, lists));
    tiles = plan_tiles(choices_of(set, layer, block_size, quads), geometry.batch, geometry.out_plane());
    ranges = split_rows(layer.groups, tiles.size(), options.threads);
    size_t widest = 0, panel = 0, element = 1;
    for (const Tile& tile : tiles) {
        const IntegerTile& kernel = set.tiles[tile.kernel];
        widest = std::max(widest, size_t(kernel.width()));
        panel = std::max(panel, BytePanelPacker::panel_bytes(kernel, columns));
        if (ending_of(layer, kernel, end.passed()) == Ending::sums) element = sizeof(int32_t);
    }
    panel_bytes = whole_lines(panel);
    scratch_bytes = whole_lines(element * layer.groups * layer.group_rows * widest);
    aside_bytes = whole_lines(element * layer.group_rows * widest);
    threads = unsigned(std::min<size_t>(options.threads, tiles.size() * ranges.size()));
    info.workspace_bytes = int64_t(packer.padded_bytes() + threads * thread_bytes());
    if (!options.shared_workspace) owned = AlignedArray<char>(size_t(info.workspace_bytes));
    workspace = owned.data();
    info.tiles = int64_t(tiles.size());
    info.tile_width = tiles.front().count;
}

// Groups before the range to walk too: blocks that start there reach into the range.
uint32_t IntegerState::lead_in(const RowRange& range) const {
    return range.first_group > 0 && layer.form != Form::dense && layer.group_rows > 1 && !layer.aligned ? 1 : 0;
}

void IntegerState::compute(const Tile& tile, const RowRange& range, const IntegerSet& set, const Space& space) {
    const IntegerTile& kernel = set.tiles[tile.kernel];
    const Ending ending = ending_of(layer, kernel, end.passed());
    const size_t width = size_t(kernel.width()), element = bytes_of_result(ending);
    const int64_t plane = geometry.out_plane(), image = tile.first / plane;
    const bool whole_tile = tile.count == kernel.width() && (tile.first + tile.count - 1) / plane == image;
    const bool direct = whole_tile && ending != Ending::sums;
    packer.pack(kernel, packer.padded_bytes() != 0 ? workspace : x, tile.first, tile.count, space.panel);
    IntegerWalk walk = walk_of(layer, range.first_group - lead_in(range));
    walk.panel = space.panel;
    const auto bytes = [](char* from) { return reinterpret_cast<uint8_t*>(from); };
    walk.spans[0] = {lead_in(range), bytes(space.aside), width};
    const uint32_t first_row = range.first_group * layer.group_rows, whole = rows / layer.group_rows;
    const uint32_t end_row = std::min(rows, first_row + range.groups * layer.group_rows);
    const uint32_t cut = direct && range.first_group + range.groups > whole ? 1 : 0;  // last group has too few rows
    char* const scratch = space.scratch + element * first_row * width;
    uint8_t* const out = static_cast<uint8_t*>(y) + (image * rows + first_row) * plane + tile.first % plane;
    if (direct) {
        walk.spans[1] = {range.groups - cut, out, size_t(plane)};
        walk.spans[2] = {cut, bytes(space.aside), width};
    } else {
        walk.spans[1] = {range.groups, bytes(scratch), width};
    }
    (layer.aligned ? kernel.aligned : kernel.walk)[int(ending)](walk);
    const Part part{tile, kernel, ending, first_row, end_row - first_row};
    if (!direct) return store(part, scratch);
    end.look_up(out, (range.groups - cut) * layer.group_rows, tile.count, plane);
    if (cut) store({tile, kernel, ending, whole * layer.group_rows, rows - whole * layer.group_rows}, space.aside);
}

// Rows of a tile to the output, image by image.
void IntegerState::store(const Part& part, const char* from) const {
    const int64_t plane = geometry.out_plane();
    for (int p = 0; p < part.tile.count;) {
        const int64_t image = (part.tile.first + p) / plane, within = (part.tile.first + p) % plane;
        const int64_t run = std::min<int64_t>(part.tile.count - p, plane - within);
        store_run(part, (image * rows + part.first_row) * plane + within, run,
                  from + bytes_of_result(part.ending) * size_t(p));
        p += int(run);
    }
}

// A few positions of all rows of a part.
void IntegerState::store_run(const Part& part, int64_t at, int64_t count, const char* from) const {
    const int64_t plane = geometry.out_plane(), stride = part.kernel.width();
    char* const to = static_cast<char*>(y) + at * int64_t(end.element());
    if (part.ending == Ending::sums) {
        SumsEnd sums;
        sums.sums = reinterpret_cast<const int32_t*>(from), sums.stride = stride;
        sums.rows = part.rows, sums.count = count, sums.out_stride = plane;
        sums.factors = layer.factors.data() + part.first_row;
        end.end_rows(sums, residual ? static_cast<const uint8_t*>(residual) + at : nullptr, to);
        return;
    }
    for (int64_t r = 0; r < part.rows; ++r) std::copy_n(from + r * stride, count, to + r * plane);
    end.look_up(reinterpret_cast<uint8_t*>(to), part.rows, count, plane);
}

void IntegerState::before_run(ThreadPool& pool) {
    if (packer.padded_bytes() == 0) return;
    for_each_item(pool, options.threads, geometry.batch * geometry.channels, [&](int64_t plane, unsigned) {
        packer.pad(static_cast<const uint8_t*>(x), plane, reinterpret_cast<int8_t*>(workspace));
    });
}

void IntegerState::work(unsigned thread) {
    const IntegerSet& set = integer_kernels_for(options.core);
    char* const at = workspace + packer.padded_bytes() + thread * thread_bytes();
    const Space space{reinterpret_cast<int8_t*>(at), at + panel_bytes, at + panel_bytes + scratch_bytes};
    for (;;) {
        const size_t item = next.fetch_add(1, std::memory_order_relaxed);
        if (item >= tiles.size() * ranges.size()) return;
        compute(tiles[item / ranges.size()], ranges[item % ranges.size()], set, space);
    }
}

}  // namespace ubp
