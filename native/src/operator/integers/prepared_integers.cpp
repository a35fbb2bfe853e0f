#include "operator/integers/prepared_integers.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "operator/integers/quad_places.h"

namespace ubp {
namespace {

// Of one row: the sums of its weights above and below zero, the latter as a size.
struct RowSum {
    int64_t above = 0, below = 0;

    // The largest size of a sum of any bytes less the zero point, and a bias.
    int64_t most(int64_t zero_point, int64_t bias) const {
        const int64_t up = 255 - zero_point;
        return std::max(up * above + zero_point * below + bias, zero_point * above + up * below - bias);
    }
};

// Calls visit(row, weight) for every weight.
template <class Visit>
void for_each_weight(const IntegerLayer& layer, Visit visit) {
    if (layer.block_size == 0) {
        for (uint32_t r = 0; r < layer.rows; ++r) {
            for (uint32_t k = 0; k < layer.columns; ++k) visit(r, layer.weights[layer.dense_index(r, k)]);
        }
        return;
    }
    const uint32_t n = layer.block_size, wide = layer.block_columns;
    for (uint32_t r = 0; r < layer.start_rows(); ++r) {
        for (uint32_t b = layer.row_begin[r]; b < layer.row_begin[r + 1]; ++b) {
            for (uint32_t i = 0; i < n * wide; ++i)
                visit(r + (i / wide + n - r % n) % n, layer.weights[size_t{b} * n * wide + i]);
        }
    }
}

std::vector<RowSum> sum_rows(const IntegerLayer& layer) {
    std::vector<RowSum> sums(layer.rows);
    for_each_weight(layer, [&](uint32_t row, int8_t weight) {
        (weight > 0 ? sums[row].above : sums[row].below) += std::abs(int(weight));
    });
    return sums;
}

// True where no input can bring a sum to 2^22 or a result, with any zero point, to 2^15 steps.
bool is_bounded(const IntegerLayer& layer, const std::vector<RowSum>& sums, int32_t zero_point) {
    for (uint32_t r = 0; r < layer.rows; ++r) {
        const int64_t most = sums[r].most(zero_point, layer.bias[r]);
        if (most >= 1 << 22 || double(most) * double(layer.factors[r]) >= 32000.0) return false;
    }
    return true;
}

// Bias with the zero point of bytes less 128, modulo 2^32 as the sums are; and factors.
void prepare_rows(const IntegerLayer& layer, int32_t zero_point, const IntegerResult& result,
                  PreparedIntegers& prepared) {
    const std::vector<RowSum> sums = sum_rows(layer);
    const bool direct = !result.passed && is_bounded(layer, sums, zero_point);
    prepared.ending = direct ? Ending::bounded : Ending::sums;
    prepared.limits = ByteLimits(result.zero_point, result.low, result.high);
    const int64_t magic = prepared.ending == Ending::bounded ? whole_magic : 0;
    const size_t count = (size_t{prepared.groups} + 1) * prepared.group_rows;
    prepared.bias = AlignedArray<int32_t>(4 * count);
    prepared.factors = AlignedArray<float>(count);
    for (uint32_t r = 0; r < layer.rows; ++r) {
        const int64_t bias = layer.bias[r] + (128 - zero_point) * (sums[r].above - sums[r].below) + magic;
        std::fill_n(prepared.bias.data() + 4 * size_t{r}, 4, int32_t(uint32_t(uint64_t(bias))));
        prepared.factors.data()[r] = layer.factors[r];
    }
}

// Zeros: 8 more for kernels that read ahead.
constexpr size_t columns_ahead = 8;

// Blocks that share a quad: any four where they are one column wide.
uint32_t blocks_of_quad(const IntegerLayer& layer) { return quad / layer.block_columns; }

// Writes parts of blocks into quads that are zeros.
void write_quads(const IntegerLayer& layer, const std::vector<BlockPart>& parts, int8_t* weights, uint16_t* columns) {
    const uint32_t n = layer.block_size, wide = layer.block_columns, each = blocks_of_quad(layer);
    for (size_t place = 0; place < parts.size(); ++place) {
        const BlockPart& part = parts[place];
        columns[place] = layer.block_column[part.block];
        for (uint32_t row = part.begin; row < part.end; ++row) {
            const int8_t* const from = layer.weights + (size_t{part.block} * n + row % n) * wide;
            int8_t* const to = weights + (place / each * n + row % n) * quad + place % each;
            std::copy_n(from, wide, to);
        }
    }
}

void prepare_sparse(const IntegerLayer& layer, PreparedIntegers& prepared) {
    const uint32_t n = layer.block_size, each = blocks_of_quad(layer);
    const QuadPlaces places = place_blocks(layer, prepared.groups, prepared.aligned);
    const size_t lists = places.size() / std::max(1u, prepared.groups);  // of a group
    uint32_t quads = 0;
    for (const std::vector<BlockPart>& parts : places) {
        if (prepared.counts.size() % lists == 0) prepared.group_begin.push_back(quads);
        prepared.counts.push_back((uint32_t(parts.size()) + each - 1) / each);
        quads += prepared.counts.back();
    }
    prepared.group_begin.push_back(quads);
    prepared.columns.resize(size_t{quads} * each + columns_ahead);
    prepared.weights = AlignedArray<int8_t>((size_t{quads} + 1) * n * quad);
    size_t first = 0;
    for (size_t i = 0; i < places.size(); ++i) {
        write_quads(layer, places[i], prepared.weights.data() + first * n * quad,
                    prepared.columns.data() + first * each);
        first += prepared.counts[i];
    }
}

void prepare_dense(const IntegerLayer& layer, PreparedIntegers& prepared) {
    const size_t quads = prepared.quads_total;
    prepared.weights = AlignedArray<int8_t>((prepared.groups * quads + 1) * dense_rows * quad);
    for (uint32_t r = 0; r < layer.rows; ++r) {
        for (uint32_t k = 0; k < layer.columns; ++k) {
            const size_t place = (r / dense_rows * quads + k / quad) * dense_rows + r % dense_rows;
            prepared.weights.data()[place * quad + k % quad] = layer.weights[layer.dense_index(r, k)];
        }
    }
}

}  // namespace

PreparedIntegers prepare_integers(const IntegerLayer& layer, int32_t zero_point, bool aligned,
                                  const IntegerResult& result) {
    PreparedIntegers prepared;
    prepared.form = layer.form();
    prepared.aligned = aligned;
    prepared.group_rows = layer.block_size == 0 ? dense_rows : layer.block_size;
    prepared.groups = (layer.rows + prepared.group_rows - 1) / prepared.group_rows;
    prepared.quads_total = (layer.columns + quad - 1) / quad;
    prepare_rows(layer, zero_point, result, prepared);
    if (prepared.form == Form::dense) prepare_dense(layer, prepared);
    else prepare_sparse(layer, prepared);
    return prepared;
}

Ending ending_of(const PreparedIntegers& prepared, const IntegerTile& tile, bool passed) {
    const bool any = prepared.ending == Ending::sums && !passed && tile.walk[int(Ending::any)];
    return any ? Ending::any : prepared.ending;
}

IntegerWalk walk_of(const PreparedIntegers& prepared, uint32_t first) {
    const size_t row = size_t{first} * prepared.group_rows;
    IntegerWalk walk;
    walk.bias = prepared.bias.data() + 4 * row;
    walk.factors = prepared.factors.data() + row;
    walk.quads_total = prepared.quads_total;
    walk.limits = prepared.limits;
    const bool dense = prepared.form == Form::dense;
    const size_t begin = dense ? size_t{first} * prepared.quads_total : prepared.group_begin[first];
    walk.weights = prepared.weights.data() + begin * prepared.group_rows * quad;
    if (dense) return walk;
    walk.counts = prepared.counts.data() + (prepared.aligned ? first : row);
    walk.columns = prepared.columns.data() + begin * (prepared.form == Form::zipped ? quad : 1);
    return walk;
}

}  // namespace ubp
