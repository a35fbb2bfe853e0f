#include "operator/tile_plan.h"

#include <algorithm>
#include <limits>

namespace ubp {
namespace {

// Multiply-adds of one block, and what a block costs beside them: loads, addresses, the latency of a short chain.
// The constants come from the modelled cycles of the kernels (docs/performance.md).
template <class T>
double cost_of(const TileKernel<T>& kernel) {
    const int rows = kernel.block_size == 0 ? int(dense_rows) : kernel.block_size;
    const int lined_up = rows < lanes<T> ? 4 : lanes<T>;  // rows of the position across the rows, in one register
    const int single = kernel.single == 0 ? 0 : (rows >= 4 ? rows / lined_up : rows);
    return std::max(8.0, kernel.vectors * rows + single + 2.0 + 0.5 * (kernel.vectors + kernel.single));
}

struct Best {
    double cost;
    const TileChoice* choice;
};

// best[n]: cheapest way to cover n positions, and the first kernel of it.
std::vector<Best> cheapest(const std::vector<TileChoice>& choices, int64_t positions) {
    std::vector<Best> best(size_t(positions) + 1, Best{std::numeric_limits<double>::max(), nullptr});
    best[0] = {0.0, nullptr};
    for (int64_t n = 1; n <= positions; ++n) {
        for (const TileChoice& choice : choices) {
            const double cost = choice.cost + best[size_t(std::max<int64_t>(n - choice.width, 0))].cost;
            if (cost <= best[size_t(n)].cost) best[size_t(n)] = {cost, &choice};
        }
    }
    return best;
}

}  // namespace

std::vector<Tile> plan_tiles(const std::vector<TileChoice>& choices, int64_t images, int64_t plane) {
    int widest = 0;
    for (const TileChoice& choice : choices) widest = std::max(widest, choice.width);
    const bool joined = images > 1 && plane <= 2 * widest;
    const int64_t run = joined ? images * plane : plane, runs = joined ? 1 : images;
    const std::vector<Best> best = cheapest(choices, run);
    std::vector<Tile> one_run;
    for (int64_t left = run; left > 0; left -= one_run.back().count) {
        const TileChoice& choice = *best[size_t(left)].choice;
        one_run.push_back({0, int(std::min<int64_t>(choice.width, left)), choice.kernel});
    }
    // Wide tiles first: they then start at multiples of their width, and the threads end with small work.
    std::stable_sort(one_run.begin(), one_run.end(), [](const Tile& a, const Tile& b) { return a.count > b.count; });
    std::vector<Tile> tiles;
    int64_t first = 0;
    for (int64_t r = 0; r < runs; ++r) {
        for (const Tile& tile : one_run) {
            tiles.push_back({first, tile.count, tile.kernel});
            first += tile.count;
        }
    }
    return tiles;
}

template <class T>
std::vector<TileChoice> choices_of(const KernelSet<T>& kernels, int block_size) {
    std::vector<TileChoice> choices;
    for (int k = 0; k < kernels.tile_count; ++k) {
        const TileKernel<T>& kernel = kernels.tiles[k];
        if (kernel.block_size == block_size) choices.push_back({kernel.width(), k, cost_of(kernel)});
    }
    return choices;
}

template std::vector<TileChoice> choices_of(const KernelSet<float>&, int);
template std::vector<TileChoice> choices_of(const KernelSet<Half>&, int);

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

}  // namespace ubp
