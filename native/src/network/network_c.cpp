#include "ubp/network_c.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <new>

#include "file/file_map.h"
#include "ubp/network.h"

struct ubp_network {
    ubp::file::FileMap map;  // first, so that it is closed last
    ubp::PackedFile file;
    size_t file_bytes = 0;
    std::unique_ptr<ubp::Network> network;
    std::unique_ptr<ubp::ThreadPool> pool;
};

namespace {

int32_t fail(int32_t code, const std::string& text, char* error, size_t error_size) {
    if (error && error_size > 0) std::snprintf(error, error_size, "%s", text.c_str());
    return code;
}

// Everything after the bytes are there.
int32_t prepare(ubp_network& made, const void* data, size_t size, const ubp_network_options* options, char* error,
                size_t error_size) {
    const uint32_t threads = options && options->threads ? options->threads : 1;
    const uint32_t kernel = options ? options->kernel : uint32_t{UBP_NETWORK_SPARSE};
    if (kernel > UBP_NETWORK_UBP) return fail(UBP_NETWORK_REFUSED, "kernel must be 0..4", error, error_size);
    ubp::FileError refusal;
    if (!made.file.open(data, size, refusal)) return fail(UBP_NETWORK_REFUSED, refusal.text, error, error_size);
    std::string text;
    ubp::NetworkOptions wanted;
    wanted.threads = threads, wanted.kernel = ubp::Kernel(kernel);
    made.network = ubp::Network::create(made.file, wanted, text);
    if (!made.network) return fail(UBP_NETWORK_REFUSED, text, error, error_size);
    made.file_bytes = size;
    made.pool = std::make_unique<ubp::ThreadPool>(threads);
    return UBP_NETWORK_OK;
}

// Calls open(made), which returns a code, and hands over what it made.
template <class Open>
int32_t open_network(ubp_network** network, char* error, size_t error_size, const Open& open) {
    if (!network) return fail(UBP_NETWORK_BAD_ARGUMENT, "network must not be null", error, error_size);
    *network = nullptr;
    try {
        auto made = std::make_unique<ubp_network>();
        const int32_t code = open(*made);
        if (code == UBP_NETWORK_OK) *network = made.release();
        return code;
    } catch (const std::bad_alloc&) {
        return fail(UBP_NETWORK_NO_MEMORY, "out of memory", error, error_size);
    } catch (const std::exception& problem) {  // a thread that could not start
        return fail(UBP_NETWORK_NO_MEMORY, problem.what(), error, error_size);
    }
}

ubp_network_shape shape_of(const ubp::GraphTensor& tensor) {
    return {tensor.rank, {tensor.batch, tensor.channels, tensor.height, tensor.width}, tensor.elements()};
}

void copy_inputs(ubp_network& network, const float* const* inputs) {
    for (size_t i = 0; inputs && i < network.network->input_count(); ++i)
        if (inputs[i]) std::copy_n(inputs[i], network.network->input_tensor(i).elements(), network.network->input(i));
}

void copy_outputs(const ubp_network& network, float* const* outputs) {
    for (size_t i = 0; outputs && i < network.network->output_count(); ++i)
        if (outputs[i]) std::copy_n(network.network->output(i), network.network->output_tensor(i).elements(), outputs[i]);
}

}  // namespace

int32_t ubp_network_open(const char* path, const ubp_network_options* options, ubp_network** network, char* error,
                         size_t error_size) {
    if (!path) return fail(UBP_NETWORK_BAD_ARGUMENT, "path must not be null", error, error_size);
    return open_network(network, error, error_size, [&](ubp_network& made) {
        std::string reason;
        if (!made.map.open(path, reason))
            return fail(UBP_NETWORK_UNREADABLE, std::string(path) + ": " + reason, error, error_size);
        return prepare(made, made.map.data(), made.map.size(), options, error, error_size);
    });
}

int32_t ubp_network_open_bytes(const void* data, size_t size, const ubp_network_options* options, ubp_network** network,
                               char* error, size_t error_size) {
    if (!data) return fail(UBP_NETWORK_BAD_ARGUMENT, "data must not be null", error, error_size);
    return open_network(network, error, error_size, [&](ubp_network& made) {
        return prepare(made, data, size, options, error, error_size);
    });
}

void ubp_network_close(ubp_network* network) { delete network; }

uint32_t ubp_network_input_count(const ubp_network* network) {
    return network ? uint32_t(network->network->input_count()) : 0;
}

uint32_t ubp_network_output_count(const ubp_network* network) {
    return network ? uint32_t(network->network->output_count()) : 0;
}

int32_t ubp_network_input_shape(const ubp_network* network, uint32_t index, ubp_network_shape* shape) {
    if (index >= ubp_network_input_count(network) || !shape) return UBP_NETWORK_BAD_ARGUMENT;
    *shape = shape_of(network->network->input_tensor(index));
    return UBP_NETWORK_OK;
}

int32_t ubp_network_output_shape(const ubp_network* network, uint32_t index, ubp_network_shape* shape) {
    if (index >= ubp_network_output_count(network) || !shape) return UBP_NETWORK_BAD_ARGUMENT;
    *shape = shape_of(network->network->output_tensor(index));
    return UBP_NETWORK_OK;
}

float* ubp_network_input(ubp_network* network, uint32_t index) {
    return index < ubp_network_input_count(network) ? network->network->input(index) : nullptr;
}

const float* ubp_network_output(const ubp_network* network, uint32_t index) {
    return index < ubp_network_output_count(network) ? network->network->output(index) : nullptr;
}

int32_t ubp_network_run(ubp_network* network, const float* const* inputs, float* const* outputs) {
    if (!network) return UBP_NETWORK_BAD_ARGUMENT;
    copy_inputs(*network, inputs);
    network->network->run(*network->pool);
    copy_outputs(*network, outputs);
    return UBP_NETWORK_OK;
}

int32_t ubp_network_run_profiled(ubp_network* network, const float* const* inputs, float* const* outputs,
                                 int64_t* step_ns) {
    if (!network || !step_ns) return UBP_NETWORK_BAD_ARGUMENT;
    copy_inputs(*network, inputs);
    for (size_t i = 0; i < network->network->step_count(); ++i) {
        const auto begin = std::chrono::steady_clock::now();
        network->network->run_step(i, *network->pool);
        step_ns[i] = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begin).count();
    }
    copy_outputs(*network, outputs);
    return UBP_NETWORK_OK;
}

uint32_t ubp_network_step_count(const ubp_network* network) {
    return network ? uint32_t(network->network->step_count()) : 0;
}

int32_t ubp_network_get_step(const ubp_network* network, uint32_t index, ubp_network_step* step) {
    if (index >= ubp_network_step_count(network) || !step) return UBP_NETWORK_BAD_ARGUMENT;
    const ubp::NetworkStep& from = network->network->step(index);
    *step = {from.name.data(), from.name.size(),        from.operation,
             from.kernel,      int32_t(from.layer),     shape_of(*from.input),
             shape_of(*from.output), from.multiply_adds, from.dense_multiply_adds};
    return UBP_NETWORK_OK;
}

void ubp_network_get_memory(const ubp_network* network, ubp_network_memory* memory) {
    const ubp::NetworkInfo info = network->network->info();
    *memory = {network->file_bytes, uint64_t(info.arena_bytes), uint64_t(info.workspace_bytes),
               uint64_t(info.prepared_bytes)};
}
