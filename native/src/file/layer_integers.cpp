#include "file/layer_integers.h"

#include <bitset>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "file/refuse.h"

namespace ubp::file {
namespace {

using ull = unsigned long long;

/// Without its sign.
int64_t size_of(int64_t number) { return number < 0 ? -number : number; }

bool check_order(const LayerView& v, uint32_t layer, FileError& error) {
    if (!v.column_order) return true;
    for (uint32_t i = 0; i < v.columns; ++i)
        if (v.column_order[i] >= v.columns)
            return refuse(error, "layers[%u].column_order[%u]: is beyond the last column", layer, i);
    std::bitset<kMaxColumns> seen;
    for (uint32_t i = 0; i < v.columns; ++i) {
        if (seen.test(v.column_order[i]))
            return refuse(error, "layers[%u].column_order[%u]: has a column that stands before it", layer, i);
        seen.set(v.column_order[i]);
    }
    return true;
}

/// Calls visit(row, weight) for every weight that stands in the file.
template <class Visit>
void for_each_weight(const LayerView& v, const Visit& visit) {
    const int8_t* const weights = v.weights_as<int8_t>();
    if (v.is_dense()) {
        for (uint32_t row = 0; row < v.rows; ++row)
            for (uint32_t column = 0; column < v.columns; ++column) visit(row, weights[v.dense_index(row, column)]);
        return;
    }
    const uint32_t n = v.block_size, wide = v.block_columns;
    for (uint32_t start = 0; start < v.start_rows(); ++start)
        for (uint64_t i = uint64_t{v.row_begin[start]} * n * wide, end = uint64_t{v.row_begin[start + 1]} * n * wide;
             i < end; ++i) {
            const uint32_t place = uint32_t(i / wide % n);
            visit(start + (place + n - start % n) % n, weights[i]);
        }
}

}  // namespace

bool check_integers(const LayerView& v, uint64_t weights, uint32_t layer, FileError& error) {
    const int8_t* const numbers = v.weights_as<int8_t>();
    for (uint64_t i = 0; i < weights; ++i)
        if (numbers[i] == INT8_MIN)
            return refuse(error, "layers[%u].weights[%llu]: is -128, and weights are -127 to 127", layer, ull(i));
    for (uint32_t row = 0; row < v.rows; ++row)
        if (!std::isfinite(v.scales[row]) || v.scales[row] <= 0)
            return refuse(error, "layers[%u].scales[%u]: is not a finite number above 0", layer, row);
    return check_order(v, layer, error);
}

bool check_filled_columns(const LayerView& v, uint32_t layer, FileError& error) {
    const uint32_t full = v.columns % kGroupedColumns, last = v.columns / kGroupedColumns;
    if (v.block_columns != kGroupedColumns || full == 0) return true;
    const int8_t* const weights = v.weights_as<int8_t>();
    const uint64_t size = uint64_t{v.block_size} * kGroupedColumns;
    for (uint32_t block = 0; block < v.block_count; ++block)
        for (uint64_t i = block * size; v.block_column[block] == last && i < (block + 1) * size; ++i)
            if (i % kGroupedColumns >= full && weights[i] != 0)
                return refuse(error, "layers[%u].weights[%llu]: is not 0, and belongs to no column", layer, ull(i));
    return true;
}

bool check_sums(const LayerView& v, uint32_t layer, FileError& error) {
    std::vector<uint32_t> sizes(v.rows);  // at most 128 times 65536
    for_each_weight(v, [&](uint32_t row, int8_t weight) { sizes[row] += uint32_t(size_of(weight)); });
    for (uint32_t row = 0; row < v.rows; ++row)
        if (int64_t{kLargestByte} * sizes[row] + size_of(v.integer_bias[row]) >= kSumLimit)
            return refuse(error, "layers[%u].bias[%u]: with it and its weights the row's sum could reach 2^31", layer,
                          row);
    return true;
}

}  // namespace ubp::file
