// Where blocks stand in the quads of start rows. Part of test_integers.

#include "byte_helpers.h"
#include "operator/integers/quad_places.h"

namespace ubp {

// Every row of every block has one place, in a window that holds it, and no row has more quads for the parts of others.
void check_quad_places() {
    for (uint32_t n : {1u, 2u, 4u, 8u, 16u}) {
        for (double sparsity : {0.0, 0.5, 0.8, 0.95, 1.0}) {
            const RandomIntegers layer = random_integers({5 * n + 3, 67, n, sparsity, false, seed}, {});
            const IntegerLayer& view = layer.view;
            const QuadPlaces places = place_blocks(view, (view.rows + n - 1) / n, false);
            const std::string setting = "N=" + std::to_string(n) + " sparsity=" + std::to_string(sparsity);
            std::vector<int> seen(size_t{view.block_count} * n);
            for (uint32_t start = 0; start < places.size(); ++start) {
                const uint32_t own = start < view.start_rows() ? view.row_begin[start + 1] - view.row_begin[start] : 0;
                if ((places[start].size() + quad - 1) / quad > (own + quad - 1) / quad) fail(setting, "more quads");
                for (const BlockPart& part : places[start]) {
                    if (part.begin < start || part.end > start + n) return fail(setting, "a part outside its window");
                    for (uint32_t row = part.begin; row < part.end; ++row) ++seen[size_t{part.block} * n + row % n];
                }
            }
            if (std::any_of(seen.begin(), seen.end(), [](int times) { return times != 1; }))
                fail(setting, "a row of a block has not one place");
        }
    }
}

}  // namespace ubp
