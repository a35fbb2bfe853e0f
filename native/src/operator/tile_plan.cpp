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

struct Choice {
    double cost;
    int kernel;
};

// best[n]: cheapest way to cover n positions, and the first kernel of it.
template <class T>
std::vector<Choice> cheapest(const KernelSet<T>& kernels, int block_size, int64_t positions) {
    std::vector<Choice> best(size_t(positions) + 1, Choice{std::numeric_limits<double>::max(), -1});
    best[0] = {0.0, -1};
    for (int64_t n = 1; n <= positions; ++n) {
        for (int k = 0; k < kernels.tile_count; ++k) {
            const TileKernel<T>& kernel = kernels.tiles[k];
            if (kernel.block_size != block_size) continue;
            const double cost = cost_of(kernel) + best[size_t(std::max<int64_t>(n - kernel.width(), 0))].cost;
            if (cost <= best[size_t(n)].cost) best[size_t(n)] = {cost, k};
        }
    }
    return best;
}

}  // namespace

template <class T>
std::vector<Tile> plan_tiles(const KernelSet<T>& kernels, int block_size, int64_t images, int64_t plane) {
    int widest = 0;
    for (int k = 0; k < kernels.tile_count; ++k) {
        if (kernels.tiles[k].block_size == block_size) widest = std::max(widest, kernels.tiles[k].width());
    }
    const bool joined = images > 1 && plane <= 2 * widest;
    const int64_t run = joined ? images * plane : plane, runs = joined ? 1 : images;
    const std::vector<Choice> best = cheapest(kernels, block_size, run);
    std::vector<Tile> one_run;
    for (int64_t left = run; left > 0; left -= one_run.back().count) {
        const int kernel = best[size_t(left)].kernel;
        one_run.push_back({0, int(std::min<int64_t>(kernels.tiles[kernel].width(), left)), kernel});
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

template std::vector<Tile> plan_tiles(const KernelSet<float>&, int, int64_t, int64_t);
template std::vector<Tile> plan_tiles(const KernelSet<Half>&, int, int64_t, int64_t);

}  // namespace ubp
