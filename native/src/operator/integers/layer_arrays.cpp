#include "operator/integers/layer_arrays.h"

namespace ubp {
namespace {

// [R][K] of a sparse layer.
std::vector<int8_t> fill_up(const LayerView& layer) {
    std::vector<int8_t> dense(size_t{layer.rows} * layer.columns);
    const int8_t* const weights = layer.weights_as<int8_t>();
    const uint32_t n = layer.block_size, wide = layer.block_columns;
    for (uint32_t r = 0; r < layer.start_rows(); ++r) {
        for (uint32_t b = layer.row_begin[r]; b < layer.row_begin[r + 1]; ++b) {
            for (uint32_t i = 0; i < n * wide; ++i) {
                const uint32_t place = layer.block_column[b] * wide + i % wide, row = r + (i / wide + n - r % n) % n;
                if (place >= layer.columns) continue;  // of the last group
                const uint32_t column = layer.column_order ? layer.column_order[place] : place;
                dense[size_t{row} * layer.columns + column] = weights[size_t{b} * n * wide + i];
            }
        }
    }
    return dense;
}

}  // namespace

LayerArrays::LayerArrays(const LayerView& layer, const IntegerTensors& tensors, bool filled_up) {
    for (uint32_t r = 0; r < layer.rows; ++r)
        factors.push_back(factor_of(double(tensors.x_scale) * double(layer.scales[r]), tensors.unit()));
    view.rows = layer.rows, view.columns = layer.columns;
    view.bias = layer.integer_bias, view.factors = factors.data();
    view.weights = layer.weights_as<int8_t>();
    view.blocked = layer.blocked;
    if (layer.is_dense()) return;
    if (filled_up) {
        filled = fill_up(layer);
        view.weights = filled.data(), view.blocked = false;
        return;
    }
    view.block_size = layer.block_size, view.block_columns = layer.block_columns, view.block_count = layer.block_count;
    view.row_begin = layer.row_begin, view.block_column = layer.block_column;
}

LayerEnd end_of(const LayerView& layer, const IntegerTensors& tensors, bool residual) {
    LayerEnd end;
    end.result = result_of(layer.activation, {tensors.y_scale, tensors.y_zero_point}, tensors.table);
    end.floats = tensors.floats;
    end.clamp = clamp_of(layer.activation);
    end.residual = residual;
    end.residual_zero = tensors.residual_zero_point;
    end.residual_factor = factor_of(double(tensors.residual_scale), tensors.unit());
    return end;
}

}  // namespace ubp
