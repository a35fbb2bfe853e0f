#include "ubp/convolution_c.h"

#include "c_api/guard.h"
#include "c_api/handles.h"
#include "c_api/layer.h"
#include "ubp/convolution.h"

namespace ubp {
namespace {

using c_api::ErrorLine;

struct OpenConvolution {
    OpenConvolution(std::unique_ptr<Convolution> made, unsigned threads)
        : convolution(std::move(made)), pool(threads) {}
    std::unique_ptr<Convolution> convolution;
    ThreadPool pool;
};

c_api::HandleTable<OpenConvolution, ubp_convolution> convolutions;

ubp_status open(const ubp_layer& layer, const ubp_convolution_options& from, ubp_convolution** out,
                const ErrorLine& line) {
    if (const char* fault = c_api::fault_of(layer); *fault) return line.bad_argument(fault);
    if (from.kernel > UBP_KERNEL_UBP) return line.bad_argument(c_api::kBadKernel);
    if (!c_api::has_good_threads(from.threads)) return line.bad_argument(c_api::kBadThreads);
    ConvolutionOptions options;
    options.batch = from.batch, options.height = from.height, options.width = from.width;
    options.kernel = Kernel(from.kernel);
    options.winograd = from.no_winograd == 0;
    return c_api::with_threads(c_api::threads_of(from.threads), [&](unsigned threads) {
        options.threads = threads;
        std::string refusal;
        auto made = Convolution::create(c_api::view_of(layer), options, refusal);
        if (!made) return line.fail(UBP_REFUSED, refusal.c_str());
        *out = convolutions.open(std::make_unique<OpenConvolution>(std::move(made), threads));
        return *out ? UBP_OK : line.fail(UBP_NO_MEMORY, c_api::kTooManyHandles);
    });
}

void copy_info(const ConvolutionInfo& from, ubp_convolution_info* info) {
    info->kernel = uint32_t(from.kernel);
    info->tile_width = uint32_t(from.tile_width);
    info->tiles = uint64_t(from.tiles);
    info->workspace_bytes = uint64_t(from.workspace_bytes);
    info->out_height = from.out_height, info->out_width = from.out_width;
    info->dense_ns = from.dense_ns, info->sparse_ns = from.sparse_ns;
    std::snprintf(info->core, sizeof(info->core), "%s", from.core_name);
}

}  // namespace
}  // namespace ubp

ubp_status ubp_convolution_open(const ubp_layer* layer, const ubp_convolution_options* options,
                                ubp_convolution** convolution, char* error, size_t error_size) {
    using namespace ubp;
    return c_api::guard(error, error_size, [&](const ErrorLine& line) {
        if (!convolution) return line.bad_argument(c_api::kNoOutput);
        *convolution = nullptr;
        if (!layer || !options) return line.bad_argument("layer and options must not be null");
        return open(*layer, *options, convolution, line);
    });
}

ubp_status ubp_convolution_get_info(const ubp_convolution* convolution, ubp_convolution_info* info, char* error,
                                    size_t error_size) {
    using namespace ubp;
    return c_api::guard(error, error_size, [&](const ErrorLine& line) {
        const OpenConvolution* const opened = convolutions.find(convolution);
        if (!opened) return line.bad_argument(c_api::kClosed);
        if (!info) return line.bad_argument(c_api::kNoOutput);
        copy_info(opened->convolution->info(), info);
        return UBP_OK;
    });
}

ubp_status ubp_convolution_run(ubp_convolution* convolution, const float* x, float* y, char* error, size_t error_size) {
    using namespace ubp;
    return c_api::guard(error, error_size, [&](const ErrorLine& line) {
        OpenConvolution* const opened = convolutions.find(convolution);
        if (!opened) return line.bad_argument(c_api::kClosed);
        if (!x || !y) return line.bad_argument("x and y must not be null");
        opened->convolution->run(x, y, opened->pool);
        return UBP_OK;
    });
}

void ubp_convolution_close(ubp_convolution* convolution) { ubp::convolutions.close(convolution); }
