#include "ubp/convolution_c.h"

#include <cstdio>
#include <new>

#include "ubp/convolution.h"

struct ubp_convolution {
    std::unique_ptr<ubp::Convolution> convolution;
    ubp::ThreadPool pool;
};

namespace {

ubp::LayerView view_of(const ubp_layer& layer) {
    ubp::LayerView view;
    view.rows = layer.rows, view.columns = layer.columns, view.block_size = layer.block_size;
    view.in_channels = layer.in_channels, view.kernel_h = layer.kernel_h, view.kernel_w = layer.kernel_w;
    view.stride_h = layer.stride_h, view.stride_w = layer.stride_w;
    view.groups = layer.groups;
    view.pad_h = layer.pad_h, view.pad_w = layer.pad_w;
    view.extra_h = layer.extra_h, view.extra_w = layer.extra_w;
    view.dilation_h = layer.dilation_h, view.dilation_w = layer.dilation_w;
    view.activation = ubp::Activation(layer.activation);
    view.block_count = layer.block_count;
    view.row_begin = layer.row_begin, view.block_column = layer.block_column;
    view.weights = layer.weights, view.bias = layer.bias;
    return view;
}

int32_t fail(int32_t code, const char* text, char* error, size_t error_size) {
    if (error && error_size > 0) std::snprintf(error, error_size, "%s", text);
    return code;
}

}  // namespace

extern "C" int32_t ubp_convolution_create(const ubp_layer* layer, int64_t batch, int64_t height, int64_t width,
                                          uint32_t threads, uint32_t kernel, ubp_convolution** out, char* error,
                                          size_t error_size) {
    if (!layer || !out) return fail(UBP_CONV_BAD_ARGUMENT, "layer and out must not be null", error, error_size);
    if (layer->activation > 6) return fail(UBP_CONV_BAD_ARGUMENT, "activation must be 0..6", error, error_size);
    if (kernel > UBP_KERNEL_UBP) return fail(UBP_CONV_BAD_ARGUMENT, "kernel must be 0..4", error, error_size);
    try {
        ubp::ConvolutionOptions options;
        options.batch = batch, options.height = height, options.width = width;
        options.threads = threads;
        options.kernel = ubp::Kernel(kernel);
        std::string text;
        auto convolution = ubp::Convolution::create(view_of(*layer), options, text);
        if (!convolution) return fail(UBP_CONV_BAD_ARGUMENT, text.c_str(), error, error_size);
        *out = new ubp_convolution{std::move(convolution), ubp::ThreadPool(threads)};
        return UBP_CONV_OK;
    } catch (const std::exception& problem) {  // bad_alloc, or a thread that could not start
        return fail(UBP_CONV_NO_MEMORY, problem.what(), error, error_size);
    }
}

extern "C" int32_t ubp_convolution_get_info(const ubp_convolution* convolution, ubp_convolution_info* info) {
    if (!convolution || !info) return UBP_CONV_BAD_ARGUMENT;
    const ubp::ConvolutionInfo from = convolution->convolution->info();
    info->kernel = uint32_t(from.kernel);
    info->tile_width = uint32_t(from.tile_width);
    info->tiles = uint64_t(from.tiles);
    info->workspace_bytes = uint64_t(from.workspace_bytes);
    info->out_height = from.out_height, info->out_width = from.out_width;
    info->dense_ns = from.dense_ns, info->sparse_ns = from.sparse_ns;
    std::snprintf(info->core, sizeof(info->core), "%s", from.core_name);
    return UBP_CONV_OK;
}

extern "C" int32_t ubp_convolution_run(ubp_convolution* convolution, const float* x, float* y) {
    if (!convolution || !x || !y) return UBP_CONV_BAD_ARGUMENT;
    convolution->convolution->run(x, y, convolution->pool);
    return UBP_CONV_OK;
}

extern "C" void ubp_convolution_destroy(ubp_convolution* convolution) { delete convolution; }
