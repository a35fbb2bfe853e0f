// kernel_bench micro --dtype int8: one micro-kernel of integers, for a cycle model.
#pragma once

#include <cstdio>

#include "../tests/integers/random_integers.h"
#include "kernel_options.h"
#include "kernels/integers/planar/planar.h"
#include "operator/integer_cores.h"

namespace ubp {

// The widest tile of the layer's form, unless --vectors asks for another.
inline const IntegerTile& find_tile(const Options& o, const IntegerSet& set, const IntegerLayer& layer) {
    const IntegerTile* found = nullptr;
    const int vectors = number(o, "vectors", -1);
    for (int i = 0; i < set.tile_count; ++i) {
        const IntegerTile& tile = set.tiles[i];
        if (tile.form != layer.form() || tile.block_size != int(layer.block_size)) continue;
        if (vectors < 0 ? !found || tile.vectors > found->vectors : tile.vectors == vectors) found = &tile;
    }
    if (!found) refuse("no such tile");
    return *found;
}

inline int run_integer_micro(const Options& o) {
    RandomLayerOptions shape;
    shape.rows = uint32_t(number(o, "rows", 512)), shape.columns = uint32_t(number(o, "columns", 512));
    shape.block_size = uint32_t(number(o, "block-size", 4));
    shape.sparsity = std::atof(word(o, "sparsity", "0.8").c_str());
    shape.aligned = number(o, "aligned", 0) != 0;
    IntegerOptions of;
    of.block_columns = uint32_t(number(o, "block-columns", 1));
    const RandomIntegers layer = random_integers(shape, of);
    IntegerResult result;
    result.zero_point = 10;
    result.passed = number(o, "passed", 0) != 0;  // the kernels for sums of any size, and their pass
    const PreparedIntegers prepared = prepare_integers(layer.view, 128, shape.aligned, result);
    const bool widening = word(o, "variant", "best") == "widening";  // as on cores without the dot product
    const IntegerSet& set = widening ? i8_wros_widening() : integer_kernels_for(core_of(o));
    const IntegerTile& tile = find_tile(o, set, layer.view);
    const size_t width = size_t(tile.width()), rows = size_t{prepared.groups} * prepared.group_rows;
    const AlignedArray<int8_t> panel((size_t{shape.columns} + quad) * size_t(zipped_stride(tile.vectors)));
    const AlignedArray<int32_t> sums(rows * width);
    const AlignedArray<uint8_t> out(rows * width);
    const Ending ending = ending_of(prepared, tile, result.passed);
    const bool direct = ending != Ending::sums;
    IntegerWalk walk = walk_of(prepared, 0);
    walk.panel = panel.data();
    walk.spans[1] = {prepared.groups, direct ? out.data() : reinterpret_cast<uint8_t*>(sums.data()), width};
    SumsEnd end;
    end.sums = sums.data(), end.rows = int64_t(rows), end.count = end.stride = end.out_stride = int64_t(width);
    end.factors = prepared.factors.data();
    const IntegerFunction run = (shape.aligned ? tile.aligned : tile.walk)[int(ending)];
    if (!run) refuse("the set has no such kernel");
    for (int i = 0; i < number(o, "iterations", 1); ++i) {
        run(walk);
        if (!direct) end_sums(end, prepared.limits, out.data());
    }
    const double weights = layer.view.form() == Form::dense
                               ? double(shape.rows) * shape.columns
                               : double(layer.view.block_count) * shape.block_size * of.block_columns;
    std::printf("{\"multiply_adds\": %.0f, \"tile\": %d, \"ending\": %d}\n", weights * tile.width(), tile.width(),
                int(ending));
    return 0;
}

}  // namespace ubp
