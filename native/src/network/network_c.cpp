#include "ubp/network_c.h"

#include <algorithm>
#include <chrono>

#include "c_api/guard.h"
#include "c_api/handles.h"
#include "file/file_map.h"
#include "ubp/network.h"

namespace ubp {
namespace {

using c_api::ErrorLine;

struct OpenNetwork {
    file::FileMap map;  // first, so that it is closed last
    PackedFile file;
    size_t file_bytes = 0;
    std::unique_ptr<Network> network;
    std::unique_ptr<ThreadPool> pool;
};

c_api::HandleTable<OpenNetwork, ubp_network> networks;

// What a run needs beside the file.
ubp_status make_ready(OpenNetwork& made, const NetworkOptions& options, const ErrorLine& line) {
    std::string text;
    made.network = Network::create(made.file, options, text);
    if (!made.network) return line.fail(UBP_REFUSED, text.c_str());
    made.pool = std::make_unique<ThreadPool>(options.threads);
    return UBP_OK;
}

// Everything after the bytes are there.
ubp_status prepare(OpenNetwork& made, const void* data, size_t size, const ubp_network_options* options,
                   const ErrorLine& line) {
    const ubp_network_options given = options ? *options : ubp_network_options{};
    if (given.kernel > UBP_KERNEL_UBP) return line.bad_argument(c_api::kBadKernel);
    if (!c_api::has_good_threads(given.threads)) return line.bad_argument(c_api::kBadThreads);
    FileError refusal;
    if (!made.file.open(data, size, refusal)) return line.fail(UBP_REFUSED, refusal.text);
    made.file_bytes = size;
    return c_api::with_threads(c_api::threads_of(given.threads), [&](unsigned threads) {
        return make_ready(made, {threads, Kernel(given.kernel), Core::automatic, given.no_winograd == 0}, line);
    });
}

// Calls fill(made, line), which returns a status, and hands over what it made.
template <class Fill>
ubp_status open_network(ubp_network** network, char* error, size_t error_size, const Fill& fill) {
    return c_api::guard(error, error_size, [&](const ErrorLine& line) {
        if (!network) return line.bad_argument("network must not be null");
        *network = nullptr;
        auto made = std::make_unique<OpenNetwork>();
        const ubp_status status = fill(*made, line);
        if (status != UBP_OK) return status;
        *network = networks.open(std::move(made));
        return *network ? UBP_OK : line.fail(UBP_NO_MEMORY, c_api::kTooManyHandles);
    });
}

// Calls use(network, line), which returns a status, for an open one.
template <class Use>
ubp_status with_network(const ubp_network* network, char* error, size_t error_size, const Use& use) {
    return c_api::guard(error, error_size, [&](const ErrorLine& line) {
        const OpenNetwork* const opened = networks.find(network);
        return opened ? use(*opened, line) : line.bad_argument(c_api::kClosed);
    });
}

// read(network) of an open one; else 0.
template <class Read>
uint32_t count_of(const ubp_network* network, const Read& read) {
    const OpenNetwork* const opened = networks.find(network);
    return opened ? uint32_t(read(*opened->network)) : 0;
}

ubp_network_shape shape_of(const GraphTensor& tensor) {
    return {tensor.rank, {tensor.batch, tensor.channels, tensor.height, tensor.width}, tensor.elements()};
}

void copy_inputs(const Network& network, const float* const* inputs) {
    for (size_t i = 0; inputs && i < network.input_count(); ++i)
        if (inputs[i]) network.write_input(i, inputs[i]);
}

void copy_outputs(const Network& network, float* const* outputs) {
    for (size_t i = 0; outputs && i < network.output_count(); ++i)
        if (outputs[i]) network.read_output(i, outputs[i]);
}

void run_steps(const OpenNetwork& opened, int64_t* step_ns) {
    using std::chrono::steady_clock;
    for (size_t i = 0; i < opened.network->step_count(); ++i) {
        const auto begin = steady_clock::now();
        opened.network->run_step(i, *opened.pool);
        step_ns[i] = std::chrono::duration_cast<std::chrono::nanoseconds>(steady_clock::now() - begin).count();
    }
}

// Calls run(network) of an open one and hands over the outputs, unless its file was changed before or meanwhile: a run
// reads weights from the file itself.
template <class Run>
ubp_status run_unchanged(const ubp_network* network, char* error, size_t error_size, float* const* outputs,
                         const Run& run) {
    return with_network(network, error, error_size, [&](const OpenNetwork& opened, const ErrorLine& line) {
        if (!opened.map.unchanged()) return line.fail(UBP_UNREADABLE, c_api::kChanged);
        run(opened);
        if (!opened.map.unchanged()) return line.fail(UBP_UNREADABLE, c_api::kChanged);
        copy_outputs(*opened.network, outputs);
        return UBP_OK;
    });
}

}  // namespace
}  // namespace ubp

using namespace ubp;

ubp_status ubp_network_open(const char* path, const ubp_network_options* options, ubp_network** network, char* error,
                            size_t error_size) {
    return open_network(network, error, error_size, [&](OpenNetwork& made, const ErrorLine& line) {
        if (!path) return line.bad_argument("path must not be null");
        std::string reason;
        if (!made.map.open(path, reason)) return line.fail(UBP_UNREADABLE, (path + (": " + reason)).c_str());
        const ubp_status status = prepare(made, made.map.data(), made.map.size(), options, line);
        return status != UBP_OK || made.map.unchanged() ? status : line.fail(UBP_UNREADABLE, c_api::kChanged);
    });
}

ubp_status ubp_network_open_bytes(const void* data, size_t size, const ubp_network_options* options,
                                  ubp_network** network, char* error, size_t error_size) {
    return open_network(network, error, error_size, [&](OpenNetwork& made, const ErrorLine& line) {
        return data ? prepare(made, data, size, options, line) : line.bad_argument("data must not be null");
    });
}

void ubp_network_close(ubp_network* network) { networks.close(network); }

uint32_t ubp_network_input_count(const ubp_network* network) {
    return count_of(network, [](const Network& opened) { return opened.input_count(); });
}

uint32_t ubp_network_output_count(const ubp_network* network) {
    return count_of(network, [](const Network& opened) { return opened.output_count(); });
}

ubp_status ubp_network_input_shape(const ubp_network* network, uint32_t index, ubp_network_shape* shape, char* error,
                                   size_t error_size) {
    return with_network(network, error, error_size, [&](const OpenNetwork& opened, const ErrorLine& line) {
        if (index >= opened.network->input_count()) return line.bad_argument("no such input");
        if (!shape) return line.bad_argument(c_api::kNoOutput);
        *shape = shape_of(opened.network->input_tensor(index));
        return UBP_OK;
    });
}

ubp_status ubp_network_output_shape(const ubp_network* network, uint32_t index, ubp_network_shape* shape, char* error,
                                    size_t error_size) {
    return with_network(network, error, error_size, [&](const OpenNetwork& opened, const ErrorLine& line) {
        if (index >= opened.network->output_count()) return line.bad_argument("no such output");
        if (!shape) return line.bad_argument(c_api::kNoOutput);
        *shape = shape_of(opened.network->output_tensor(index));
        return UBP_OK;
    });
}

float* ubp_network_input(ubp_network* network, uint32_t index) {
    if (index >= ubp_network_input_count(network)) return nullptr;
    return static_cast<float*>(networks.find(network)->network->input(index));
}

const float* ubp_network_output(const ubp_network* network, uint32_t index) {
    if (index >= ubp_network_output_count(network)) return nullptr;
    return static_cast<const float*>(networks.find(network)->network->output(index));
}

ubp_status ubp_network_run(ubp_network* network, const float* const* inputs, float* const* outputs, char* error,
                           size_t error_size) {
    return run_unchanged(network, error, error_size, outputs, [&](const OpenNetwork& opened) {
        copy_inputs(*opened.network, inputs);
        opened.network->run(*opened.pool);
    });
}

ubp_status ubp_network_run_profiled(ubp_network* network, const float* const* inputs, float* const* outputs,
                                    int64_t* step_ns, char* error, size_t error_size) {
    if (!step_ns) return c_api::ErrorLine(error, error_size).bad_argument(c_api::kNoOutput);
    return run_unchanged(network, error, error_size, outputs, [&](const OpenNetwork& opened) {
        copy_inputs(*opened.network, inputs);
        run_steps(opened, step_ns);
    });
}

uint32_t ubp_network_step_count(const ubp_network* network) {
    return count_of(network, [](const Network& opened) { return opened.step_count(); });
}

ubp_status ubp_network_get_step(const ubp_network* network, uint32_t index, ubp_network_step* step, char* error,
                                size_t error_size) {
    return with_network(network, error, error_size, [&](const OpenNetwork& opened, const ErrorLine& line) {
        if (index >= opened.network->step_count()) return line.bad_argument("no such step");
        if (!step) return line.bad_argument(c_api::kNoOutput);
        if (!opened.map.unchanged()) return line.fail(UBP_UNREADABLE, c_api::kChanged);  // the name lies in the file
        const NetworkStep& from = opened.network->step(index);
        *step = {from.name.data(),        from.name.size(),      from.operation,         from.kernel,
                 int32_t(from.layer),     shape_of(*from.input), shape_of(*from.output), from.multiply_adds,
                 from.dense_multiply_adds};
        return UBP_OK;
    });
}

ubp_status ubp_network_get_info(const ubp_network* network, ubp_network_info* info, char* error, size_t error_size) {
    return with_network(network, error, error_size, [&](const OpenNetwork& opened, const ErrorLine& line) {
        if (!info) return line.bad_argument(c_api::kNoOutput);
        const NetworkInfo from = opened.network->info();
        *info = {opened.file_bytes, uint64_t(from.arena_bytes), uint64_t(from.workspace_bytes),
                 uint64_t(from.prepared_bytes)};
        return UBP_OK;
    });
}
