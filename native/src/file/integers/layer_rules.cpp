#include "file/integers/layer_rules.h"

#include <bitset>
#include <cmath>
#include <cstring>
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

int32_t sum_of_sizes(const int8_t* weights, uint32_t count) {
    int32_t sum = 0;
    for (uint32_t i = 0; i < count; ++i) sum += weights[i] < 0 ? -weights[i] : weights[i];
    return sum;
}

/// In blocks of 8 rows; places beyond the last row are 0 by now.
void add_blocked(const LayerView& v, std::vector<uint32_t>& sizes) {
    const int8_t* weights = v.weights_as<int8_t>();
    for (uint32_t first = 0; first < v.rows; first += 8) {
        uint32_t sums[8] = {};
        for (uint32_t column = 0; column < v.columns; ++column, weights += 8)
            for (int i = 0; i < 8; ++i) sums[i] += uint32_t(weights[i] < 0 ? -weights[i] : weights[i]);
        for (uint32_t row = first; row < v.rows && row < first + 8; ++row) sizes[row] = sums[row - first];
    }
}

void add_sparse(const LayerView& v, std::vector<uint32_t>& sizes) {
    const int8_t* weights = v.weights_as<int8_t>();
    const uint32_t n = v.block_size;
    for (uint32_t start = 0; start < v.start_rows(); ++start)
        for (uint32_t block = v.row_begin[start]; block < v.row_begin[start + 1]; ++block)
            for (uint32_t place = 0; place < n; ++place, weights += v.block_columns)
                sizes[start + (place + n - start % n) % n] += uint32_t(sum_of_sizes(weights, v.block_columns));
}

/// [rows] sum of the sizes of a row's weights; at most 127 times 65536.
std::vector<uint32_t> row_sizes(const LayerView& v) {
    std::vector<uint32_t> sizes(v.rows);
    if (!v.is_dense()) add_sparse(v, sizes);
    else if (v.blocked) add_blocked(v, sizes);
    else
        for (uint32_t row = 0; row < v.rows; ++row)
            sizes[row] = uint32_t(sum_of_sizes(v.weights_as<int8_t>() + v.dense_index(row, 0), v.columns));
    return sizes;
}

}  // namespace

bool check_integers(const LayerView& v, uint64_t weights, uint32_t layer, FileError& error) {
    const auto* const numbers = v.weights_as<uint8_t>();
    if (const void* found = weights ? std::memchr(numbers, uint8_t(INT8_MIN), weights) : nullptr)
        return refuse(error, "layers[%u].weights[%llu]: is -128, and weights are -127 to 127", layer,
                      ull(static_cast<const uint8_t*>(found) - numbers));
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
    const std::vector<uint32_t> sizes = row_sizes(v);
    for (uint32_t row = 0; row < v.rows; ++row)
        if (int64_t{kLargestByte} * sizes[row] + size_of(v.integer_bias[row]) >= kSumLimit)
            return refuse(error, "layers[%u].bias[%u]: with it and its weights the row's sum could reach 2^31", layer,
                          row);
    return true;
}

}  // namespace ubp::file
