// What a convolution of int8 keeps between runs, and how it computes one tile. Creation is in operator/convolution.cpp.
#pragma once

#include <vector>

#include "operator/convolution_state.h"
#include "operator/integers/layer_arrays.h"
#include "operator/integers/layer_end.h"
#include "operator/integers/prepared_integers.h"
#include "packing/byte_panel.h"

namespace ubp {

struct IntegerState : Convolution::State {
    bool use_winograd(const LayerView&) override { return false; }
    void prepare(const LayerView& view) override;
    void before_run(ThreadPool& pool) override;
    void work(unsigned thread) override;
    const char* core_name() const override;

private:
    // Of one thread: a panel; rows of a tile that are no bytes yet or go to several places, [all groups][widest]; rows
    // that nobody wants.
    struct Space {
        int8_t* panel;
        char *scratch, *aside;
    };
    // One tile and some groups of rows: where its rows are, and in which form.
    struct Part {
        const Tile& tile;
        const IntegerTile& kernel;
        Ending ending;
        uint32_t first_row, rows;
    };

    void plan(const IntegerSet& set, uint32_t block_size);
    size_t thread_bytes() const { return panel_bytes + scratch_bytes + aside_bytes; }
    uint32_t lead_in(const RowRange& range) const;
    void compute(const Tile& tile, const RowRange& range, const IntegerSet& set, const Space& space);
    void store(const Part& part, const char* from) const;
    void store_run(const Part& part, int64_t at, int64_t count, const char* from) const;

    PreparedIntegers layer;
    LayerEnd end;
    std::vector<Tile> tiles;
    std::vector<RowRange> ranges;
    BytePanelPacker packer;
    size_t panel_bytes = 0, scratch_bytes = 0, aside_bytes = 0;
    AlignedArray<char> owned;
};

}  // namespace ubp
