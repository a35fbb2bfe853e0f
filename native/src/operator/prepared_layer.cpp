#include "operator/prepared_layer.h"

#include <algorithm>

#include "kernels/wros/walk.h"

namespace ubp {
namespace {

template <class T>
void prepare_rows(const LayerView& layer, uint32_t group_rows, PreparedLayer<T>& prepared) {
    prepared.group_rows = group_rows;
    prepared.groups = (layer.rows + group_rows - 1) / group_rows;
    prepared.bias = AlignedArray<T>(lanes<T> * size_t{prepared.groups + 1} * group_rows);
    for (uint32_t r = 0; r < layer.rows; ++r)
        std::fill_n(prepared.bias.data() + lanes<T> * size_t{r}, lanes<T>, T(layer.bias[r]));
}

// True where the weights serve the kernels as they lie in the layer.
template <class T>
bool usable_in_place(const LayerView& layer) {
    return layer.dtype == dtype_of<T> && layer.readable_after_weights >= layer.weight_slack();
}

// Calls visit(row, column, weight) for every weight of every block.
template <class Visit>
void for_each_weight(const LayerView& layer, Visit visit) {
    const uint32_t n = layer.block_size;
    for (uint32_t r = 0; r < layer.start_rows(); ++r) {
        for (uint32_t b = layer.row_begin[r]; b < layer.row_begin[r + 1]; ++b) {
            for (uint32_t i = 0; i < n; ++i)
                visit(r + i, layer.block_column[b], layer.weight(size_t{b} * n + (r + i) % n));
        }
    }
}

}  // namespace

bool has_aligned_blocks(const LayerView& layer) {
    for (uint32_t r = 0; r < layer.start_rows(); ++r) {
        if (r % layer.block_size != 0 && layer.row_begin[r] != layer.row_begin[r + 1]) return false;
    }
    return true;
}

template <class T>
PreparedLayer<T> prepare_sparse(const LayerView& layer, bool aligned) {
    const uint32_t n = layer.block_size;
    PreparedLayer<T> prepared;
    prepared.block_size = int(n);
    prepared.aligned = aligned;
    prepare_rows(layer, n, prepared);
    prepared.columns = layer.block_column;
    const auto begin_of = [&](uint32_t row) {
        return row < layer.start_rows() ? layer.row_begin[row] : layer.block_count;
    };
    for (uint32_t group = 0; group < prepared.groups; ++group) {
        prepared.group_begin.push_back(begin_of(group * n));
        if (aligned) {
            prepared.counts.push_back(begin_of((group + 1) * n) - begin_of(group * n));
            continue;
        }
        for (uint32_t r = group * n; r < (group + 1) * n; ++r) prepared.counts.push_back(begin_of(r + 1) - begin_of(r));
    }
    prepared.group_begin.push_back(layer.block_count);
    if (usable_in_place<T>(layer)) {
        prepared.weights = layer.weights_as<T>();
        return prepared;
    }
    const size_t count = size_t{layer.block_count} * n;
    prepared.owned = AlignedArray<T>(count + layer.weight_slack());
    for (size_t i = 0; i < count; ++i) prepared.owned.data()[i] = T(layer.weight(i));
    prepared.weights = prepared.owned.data();
    return prepared;
}

template <class T>
PreparedLayer<T> prepare_dense(const LayerView& layer) {
    PreparedLayer<T> prepared;
    prepare_rows(layer, dense_rows, prepared);
    if (layer.blocked && usable_in_place<T>(layer)) {
        prepared.weights = layer.weights_as<T>();
        return prepared;
    }
    prepared.owned = AlignedArray<T>((size_t{prepared.groups} * layer.columns + 2) * dense_rows);
    T* const packed = prepared.owned.data();
    const auto place = [&](uint32_t row, uint32_t column, float weight) {
        packed[(size_t{row / dense_rows} * layer.columns + column) * dense_rows + row % dense_rows] = T(weight);
    };
    if (layer.is_dense()) {
        for (uint32_t r = 0; r < layer.rows; ++r) {
            for (uint32_t k = 0; k < layer.columns; ++k) place(r, k, layer.weight(layer.dense_index(r, k)));
        }
    } else {
        for_each_weight(layer, place);
    }
    prepared.weights = packed;
    return prepared;
}

template PreparedLayer<float> prepare_sparse(const LayerView&, bool);
template PreparedLayer<Half> prepare_sparse(const LayerView&, bool);
template PreparedLayer<float> prepare_dense(const LayerView&);
template PreparedLayer<Half> prepare_dense(const LayerView&);

}  // namespace ubp
