// Compares every micro-kernel of integers with plain loops, bit for bit: sizes around its tile, all forms and endings.
// Options: see cases.h.

#include <algorithm>
#include <cstring>
#include <string>

#include "byte_helpers.h"
#include "operator/integer_cores.h"

namespace ubp {
namespace {

// What a layer's inputs and weights are drawn from.
enum class Numbers { usual, extreme, largest };

struct Setting {
    uint32_t rows = 24, columns = 20, block_size = 4, block_columns = 1;
    double sparsity = 0.5;
    bool aligned = false;      // the blocks
    bool by_aligned = false;   // the kernel
    int32_t zero_point = 128;  // of the input
    IntegerResult result;
    Numbers numbers = Numbers::usual;
    float factor = 1.0f / 4096, factor_spread = 0.5f;
    uint32_t first_group = 0;  // of the rows that are wanted; those before are walked, and end elsewhere
};

std::string text_of(const Setting& s, const IntegerSet& set, const IntegerTile& tile) {
    char text[320];
    std::snprintf(
        text, sizeof(text),
        "set=%s form=%d N=%u vectors=%d R=%u K=%u sparsity=%g aligned=%d by_aligned=%d zero=%d result=%d %d %d "
        "passed=%d numbers=%d factor=%g first_group=%u",
        set.name, int(tile.form), s.block_size, tile.vectors, s.rows, s.columns, s.sparsity, s.aligned, s.by_aligned,
        s.zero_point, s.result.zero_point, s.result.low, s.result.high, s.result.passed, int(s.numbers),
        double(s.factor), s.first_group);
    return text;
}

// Weights [R][K] of a layer, zeros where it has none.
std::vector<int> dense_weights(const IntegerLayer& layer) {
    std::vector<int> dense(size_t{layer.rows} * layer.columns);
    if (layer.block_size == 0) {
        std::copy_n(layer.weights, dense.size(), dense.begin());
        return dense;
    }
    const uint32_t n = layer.block_size, wide = layer.block_columns;
    for (uint32_t r = 0; r < layer.start_rows(); ++r) {
        for (uint32_t b = layer.row_begin[r]; b < layer.row_begin[r + 1]; ++b) {
            for (uint32_t i = 0; i < n; ++i) {
                for (uint32_t c = 0; c < wide; ++c) {
                    const uint32_t column = layer.block_column[b] * wide + c;
                    if (column >= layer.columns) continue;  // of the last group
                    dense[(r + i) * layer.columns + column] = layer.weights[(size_t{b} * n + (r + i) % n) * wide + c];
                }
            }
        }
    }
    return dense;
}

std::vector<uint8_t> inputs_of(Numbers numbers, size_t count) {
    if (numbers == Numbers::largest) return std::vector<uint8_t>(count, 255);
    return random_bytes(5, count, numbers == Numbers::extreme);
}

RandomIntegers layer_of(const Setting& s) {
    IntegerOptions of;
    of.block_columns = s.block_columns;
    of.factor = s.factor, of.factor_spread = s.factor_spread;
    RandomIntegers layer = random_integers({s.rows, s.columns, s.block_size, s.sparsity, s.aligned, seed}, of);
    if (s.numbers == Numbers::extreme) {
        for (int8_t& weight : layer.weights) weight = weight < 0 ? -127 : 127;
    }
    if (s.numbers == Numbers::largest) std::fill(layer.weights.begin(), layer.weights.end(), int8_t(127));
    // The groups' columns beyond K are zeros, as a writer has them.
    for (size_t i = 0; s.block_columns > 1 && i < layer.weights.size(); ++i) {
        const size_t block = i / (size_t{s.block_size} * s.block_columns);
        if (layer.view.block_column[block] * s.block_columns + i % s.block_columns >= s.columns) layer.weights[i] = 0;
    }
    return layer;
}

// The panel of bytes [K][width], as the form wants it.
std::vector<int8_t> panel_of(const std::vector<uint8_t>& x, uint32_t columns, const IntegerTile& tile) {
    const size_t width = size_t(tile.width()), quads = (columns + quad - 1) / quad;
    const size_t stride = tile.form == Form::zipped ? size_t(zipped_stride(tile.vectors)) : width;
    std::vector<int8_t> panel(quads * quad * stride, int8_t(77));
    for (size_t k = 0; k < columns; ++k) {
        for (size_t p = 0; p < width; ++p) {
            const size_t place = tile.form == Form::zipped ? k * stride + p : (k / quad * width + p) * quad + k % quad;
            panel[place] = int8_t(int(x[k * width + p]) - 128);
        }
    }
    return panel;
}

// One tile of a layer: every byte or sum, and none beside them.
void check(const Setting& s, const IntegerSet& set, const IntegerTile& tile, bool by_pass) {
    const auto fail_here = [&](const std::string& what) { fail(text_of(s, set, tile), what); };
    const RandomIntegers layer = layer_of(s);
    IntegerResult result = s.result;
    result.passed |= by_pass;
    const PreparedIntegers prepared = prepare_integers(layer.view, s.zero_point, s.by_aligned, result);
    const Ending ending = ending_of(prepared, tile, result.passed);
    const IntegerFunction run = (s.by_aligned ? tile.aligned : tile.walk)[int(ending)];
    if (!run) return;  // of this set
    const size_t width = size_t(tile.width()), stride = width + 5;
    const std::vector<uint8_t> x = inputs_of(s.numbers, s.columns * width);
    const std::vector<int8_t> panel = panel_of(x, s.columns, tile);
    const size_t element = bytes_of_result(ending);
    const uint32_t lead = std::min(s.first_group, prepared.groups), wanted = prepared.groups - lead;
    const size_t lead_rows = size_t{lead} * prepared.group_rows, rows = size_t{wanted} * prepared.group_rows;
    GuardedArray<uint8_t> out(element * rows * stride, 0xa5), aside(element * prepared.group_rows * width);
    IntegerWalk walk = walk_of(prepared, lead > 0 ? lead - 1 : 0);
    walk.panel = panel.data();
    walk.spans[0] = {lead > 0 ? 1u : 0u, aside.data(), width};
    walk.spans[1] = {wanted, out.data(), stride};
    run(walk);
    if (!out.intact() || !aside.intact()) fail_here("wrote outside of the output");

    const std::vector<int> weights = dense_weights(layer.view);
    for (size_t r = lead_rows; r < s.rows; ++r) {
        for (size_t p = 0; p < stride; ++p) {
            const uint8_t* const mine = out.data() + element * ((r - lead_rows) * stride + p);
            if (p >= width) {
                if (*mine != 0xa5) return fail_here("wrote between rows");
                continue;
            }
            int64_t exact = layer.bias[r];
            for (size_t k = 0; k < s.columns; ++k)
                exact += int64_t{weights[r * s.columns + k]} * (int(x[k * width + p]) - s.zero_point);
            const int32_t sum = int32_t(exact);
            const float steps = float(sum) * layer.factors[r];
            const uint8_t byte = byte_of(steps, s.result.zero_point, s.result.low, s.result.high);
            const bool as_sum = ending == Ending::sums;
            if (as_sum ? std::memcmp(mine, &sum, sizeof sum) == 0 : *mine == byte) continue;
            return fail_here("row " + std::to_string(r) + " position " + std::to_string(p) + " is " +
                             std::to_string(int(*mine)) + ", expected " + std::to_string(as_sum ? sum : byte) + " of " +
                             std::to_string(double(steps)));
        }
    }
}

std::vector<const IntegerSet*> integer_sets() {
    std::vector<const IntegerSet*> sets{&i8_wros_widening()};
#if defined(__aarch64__)
    if (has_dot_product()) {
        sets.push_back(&i8dot_wros_wide());
        sets.push_back(&i8dot_wros_inorder());
    }
#endif
    return sets;
}

// Every tile of every set that computes such a layer.
void check_tiles(const Setting& s) {
    const Form form = s.block_size == 0 ? Form::dense : s.block_columns == 1 ? Form::zipped : Form::grouped;
    for (const IntegerSet* set : integer_sets()) {
        for (int i = 0; i < set->tile_count; ++i) {
            const IntegerTile& tile = set->tiles[i];
            if (tile.form != form || tile.block_size != int(s.block_size)) continue;
            for (bool by_pass : {false, true}) check(s, *set, tile, by_pass);
        }
    }
}

void check_shapes(Setting s) {
    const uint32_t n = std::max(1u, s.block_size);
    for (double sparsity : {0.0, 0.5, 0.9, 1.0}) {
        for (uint32_t rows : {1u, n, n + 1, 3 * n - 1, 8u, 37u}) {
            for (uint32_t columns : {1u, 3u, 4u, 5u, 8u, 19u, 64u}) {
                s.sparsity = sparsity, s.rows = rows, s.columns = columns;
                check_tiles(s);
            }
        }
    }
}

// Zero points, limits, endings, and rows of which only the last are wanted.
void check_results(Setting s) {
    s.rows = 2 * std::max(8u, s.block_size) + 3, s.columns = 33;
    for (int32_t zero_point : {0, 1, 128, 255}) {
        for (int32_t made : {0, 3, 200, 255}) {
            for (bool passed : {false, true}) {
                s.zero_point = zero_point;
                s.result = {made, 0, 255, passed};
                check_tiles(s);
                s.result = {made, made, 255, passed};
                s.first_group = 1;
                check_tiles(s);
                s.result = {made, made / 2, std::min(255, made + 40), passed};
                s.first_group = 2;
                check_tiles(s);
                s.first_group = 0;
            }
        }
    }
}

// Sums beyond 2^22 and 2^24, results beyond 16 and 32 bits, beyond fp32, and ties.
void check_extremes(Setting s) {
    s.numbers = Numbers::extreme, s.sparsity = 0.1, s.rows = 2 * std::max(4u, s.block_size) + 1;
    for (uint32_t columns : {40u, 700u}) {
        for (float factor : {0.5f, 1.0f / 64, 1e-6f, 1e-30f, 1000.0f, 1e20f, 1e38f}) {
            s.columns = columns, s.factor = factor;
            for (int32_t zero_point : {0, 77, 255}) {
                s.zero_point = zero_point;
                s.result = {zero_point, 0, 255, false};
                check_tiles(s);
                s.result = {zero_point, 10, 250, false};
                check_tiles(s);
            }
        }
    }
}

// Results that end in exactly a half: factors are powers of two.
void check_ties(Setting s) {
    s.rows = std::max(16u, 2 * s.block_size), s.columns = 12, s.factor_spread = 0.0f;
    for (float factor : {0.5f, 0.25f, 1.0f / 512}) {
        s.factor = factor;
        s.result = {100, 0, 255, false};
        check_tiles(s);
        s.result = {101, 0, 254, false};
        check_tiles(s);
    }
}

// The longest rows whose sums an i32 holds: 65536 columns of one sign.
void check_longest() {
    const IntegerSet& set = integer_kernels_for(Core::best);
    Setting s;
    s.block_size = 0, s.rows = 1, s.columns = 65536, s.numbers = Numbers::largest;
    s.factor = 1.0f / (1 << 24), s.zero_point = 0, s.result = {0, 0, 255, true};
    for (int i = 0; i < set.tile_count; ++i) {
        if (set.tiles[i].form == Form::dense) check(s, set, set.tiles[i], true);
    }
}

std::vector<Case> all_cases() {
    std::vector<Case> cases;
    const auto add = [&](const std::string& name, void (*theme)(Setting), const Setting& s) {
        cases.push_back({name, [theme, s] { theme(s); }});
    };
    for (uint32_t n : {0u, 1u, 2u, 4u, 8u, 16u}) {
        for (uint32_t columns : {1u, 4u}) {
            Setting s;
            s.block_size = n, s.block_columns = columns;
            if (n == 0 && columns > 1) continue;
            const std::string name = n == 0 ? "dense" : (columns == 1 ? "zipped" : "grouped") + std::to_string(n);
            add(name + "_shapes", check_shapes, s);
            add(name + "_results", check_results, s);
            add(name + "_extremes", check_extremes, s);
            add(name + "_ties", check_ties, s);
            if (n == 0) continue;
            s.aligned = true;
            add(name + "_aligned_shapes", check_shapes, s);
            s.by_aligned = true;
            add(name + "_by_aligned_shapes", check_shapes, s);
            add(name + "_by_aligned_results", check_results, s);
        }
    }
    cases.push_back({"longest", check_longest});
    cases.push_back({"places", check_quad_places});
    add_byte_panel_cases(cases);
    return cases;
}

}  // namespace
}  // namespace ubp

int main(int count, char** words) { return ubp::run_program(ubp::all_cases(), count, words); }
