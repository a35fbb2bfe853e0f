#include "c_api/layer.h"

namespace ubp::c_api {

const char* fault_of(const ubp_layer& layer) {
    if (layer.activation > uint32_t(Activation::sigmoid)) return "activation must be 0..6";
    if (layer.dtype > UBP_FP16) return "dtype must be 0 or 1";
    if (!layer.bias) return "bias must not be null";
    if (!layer.weights && (layer.block_size == 0 || layer.block_count > 0)) return "weights must not be null";
    if (layer.block_size > 0 && !layer.row_begin) return "row_begin must not be null";
    if (layer.block_size > 0 && !layer.block_column) return "block_column must not be null";
    return "";
}

LayerView view_of(const ubp_layer& layer) {
    LayerView view;
    view.rows = layer.rows, view.columns = layer.columns, view.block_size = layer.block_size;
    view.in_channels = layer.in_channels, view.groups = layer.groups;
    view.kernel_h = layer.kernel_h, view.kernel_w = layer.kernel_w;
    view.stride_h = layer.stride_h, view.stride_w = layer.stride_w;
    view.pad_h = layer.pad_h, view.pad_w = layer.pad_w;
    view.extra_h = layer.extra_h, view.extra_w = layer.extra_w;
    view.dilation_h = layer.dilation_h, view.dilation_w = layer.dilation_w;
    view.activation = Activation(layer.activation);
    view.dtype = DType(layer.dtype), view.wide_sums = layer.wide_sums != 0;
    view.block_count = layer.block_count;
    view.row_begin = layer.row_begin, view.block_column = layer.block_column;
    view.weights = layer.weights, view.bias = layer.bias;
    view.block_columns = layer.block_columns ? layer.block_columns : 1;
    view.integer_bias = layer.integer_bias, view.scales = layer.scales, view.column_order = layer.column_order;
    view.readable_after_weights = layer.readable_after_weights;
    view.blocked = layer.blocked != 0;
    return view;
}

ubp_layer layer_of(const LayerView& view) {
    ubp_layer layer{};
    layer.rows = view.rows, layer.columns = view.columns, layer.block_size = view.block_size;
    layer.in_channels = view.in_channels, layer.groups = view.groups;
    layer.kernel_h = view.kernel_h, layer.kernel_w = view.kernel_w;
    layer.stride_h = view.stride_h, layer.stride_w = view.stride_w;
    layer.pad_h = view.pad_h, layer.pad_w = view.pad_w;
    layer.extra_h = view.extra_h, layer.extra_w = view.extra_w;
    layer.dilation_h = view.dilation_h, layer.dilation_w = view.dilation_w;
    layer.activation = uint32_t(view.activation);
    layer.dtype = uint32_t(view.dtype), layer.wide_sums = view.wide_sums;
    layer.block_count = view.block_count;
    layer.row_begin = view.row_begin, layer.block_column = view.block_column;
    layer.weights = view.weights, layer.bias = view.bias;
    layer.block_columns = view.block_columns;
    layer.integer_bias = view.integer_bias, layer.scales = view.scales, layer.column_order = view.column_order;
    layer.readable_after_weights = view.readable_after_weights;
    layer.blocked = view.blocked;
    return layer;
}

}  // namespace ubp::c_api
