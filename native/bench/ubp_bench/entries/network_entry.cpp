#include "network_entry.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "../machine/affinity.h"
#include "../machine/clock.h"
#include "file/format.h"
#include "layer_entry.h"
#include "operator/cores.h"
#include "texts_of.h"

namespace ubp::bench {
namespace {

std::string shape_text_of(const GraphTensor& tensor) {
    return shape_text(tensor.batch, tensor.channels, tensor.height, tensor.width);
}

}  // namespace

NetworkEntry::NetworkEntry(const MappedFile& file, const NetworkData& data, Kernel kernel, unsigned threads,
                           PinnedPool& pool, const Options& options)
    : Entry(pool), file_(file), data_(data) {
    NetworkOptions wanted;
    wanted.threads = threads;
    wanted.kernel = kernel;
    if (!has_half_arithmetic()) wanted.arithmetic = Arithmetic::fp32;  // emulated times would mean nothing
    wanted.winograd = options.winograd;
    pool.enter();  // operators may choose by the core that they are made on
    std::string error;
    network_ = Network::create(file.contents(), wanted, error);
    if (!network_) throw BadInput(file.path() + ": --kernel " + kernel_option(kernel) + ": " + error);
    row_.kernel_asked = kernel_option(kernel);
    row_.threads = threads;
    describe(options);
    describe_kernels();
}

void NetworkEntry::describe(const Options& options) {
    const NetworkInfo info = network_->info();
    row_.scope = "network", row_.operation = "network";
    row_.file = file_.path();
    row_.model = file_.contents().model();
    row_.layer = "network";
    row_.input_shape = shape_text_of(network_->input_tensor(0));
    row_.output_shape = shape_text_of(network_->output_tensor(0));
    row_.batch = network_->input_tensor(0).batch;
    row_.seed = int64_t(options.seed);
    row_.cpus = format_cpus(options.cpus);
    row_.core = info.core_name;
    row_.packed_bytes = int64_t(file_.size());
    row_.workspace_bytes = info.workspace_bytes;
    row_.arena_bytes = info.arena_bytes;
    row_.prepared_bytes = info.prepared_bytes;
    half_ = std::strcmp(info.arithmetic, "fp16") == 0;
    row_.arithmetic = info.arithmetic;
    row_.notes = pool_.notes();
}

/// What ran the pruned layers, and how much of the network they are.
void NetworkEntry::describe_kernels() {
    std::set<std::string> kernels, methods, criteria, types;
    int64_t kept = 0, all = 0;
    for (size_t i = 0; i < network_->step_count(); ++i) {
        const NetworkStep& step = network_->step(i);
        row_.multiply_adds += step.multiply_adds;
        row_.dense_multiply_adds += step.dense_multiply_adds;
        if (step.layer < 0) continue;
        const FileLayer& layer = file_.contents().layers()[size_t(step.layer)];
        const LayerView& v = layer.view;
        types.insert(file::dtype_name(v.dtype));
        all += int64_t{v.rows} * v.columns;
        kept += kept_weights(v);
        row_.blocks += v.block_count;
        if (v.block_size == 0) continue;
        kernels.insert(step.kernel == std::string_view("winograd") ? "dense" : step.kernel);  // steps say which
        methods.emplace(layer.method), criteria.emplace(layer.criterion);
        row_.block_size = std::max<int64_t>(row_.block_size, v.block_size);
    }
    const auto only = [](const std::set<std::string>& texts, const char* none) {
        return texts.empty() ? none : texts.size() == 1 ? *texts.begin() : std::string("mixed");
    };
    row_.kernel = only(kernels, "dense");
    row_.method = only(methods, "dense"), row_.criterion = only(criteria, ""), row_.dtype = only(types, "");
    if (types.count("fp16") && !half_) row_.notes.push_back(kWidened);
    row_.aligned =
        !kernels.empty() && std::all_of(file_.contents().layers().begin(), file_.contents().layers().end(),
                                        [](const FileLayer& l) { return l.view.block_size == 0 || l.aligned; });
    row_.sparsity = all ? 1.0 - double(kept) / double(all) : 0.0;
}

void NetworkEntry::prepare_run() {
    const float* from = data_.inputs.data();
    for (size_t i = 0; i < network_->input_count(); ++i) {
        const size_t count = network_->input_tensor(i).elements();
        network_->write_input(i, from);
        from += count;
    }
}

void NetworkEntry::spoil_output() {
    for (size_t i = 0; i < network_->output_count(); ++i)
        std::memset(const_cast<void*>(network_->output(i)), 0xff, size_t(network_->output_tensor(i).bytes()));  // NaN
}

std::vector<float> NetworkEntry::outputs() const {
    std::vector<float> all;
    for (size_t i = 0; i < network_->output_count(); ++i) {
        const size_t begin = all.size();
        all.resize(begin + network_->output_tensor(i).elements());
        network_->read_output(i, all.data() + begin);
    }
    return all;
}

std::string NetworkEntry::checksum() const {
    const std::vector<float> y = outputs();
    return checksum_of(y.data(), y.size());
}

std::optional<double> NetworkEntry::error() const {
    if (!data_.expected) return std::nullopt;
    return largest_network_error(*data_.expected, outputs());
}

Row NetworkEntry::step_row(size_t index) const {
    const NetworkStep& step = network_->step(index);
    Row row = row_;
    row.scope = "step", row.operation = step.operation;
    row.layer = step.name, row.kernel = step.kernel;
    row.rows = row.columns = row.block_size = row.blocks = 0;
    row.method.clear(), row.criterion.clear();
    row.aligned = false, row.sparsity = 0;
    row.packed_bytes = row.workspace_bytes = row.arena_bytes = row.prepared_bytes = 0;
    row.checksum.clear(), row.error.reset(), row.differs = false, row.notes.clear(), row.samples_ns.clear();
    if (step.layer >= 0) describe_layer(file_.contents().layers()[size_t(step.layer)], row);
    row.input_shape = shape_text_of(*step.input), row.output_shape = shape_text_of(*step.output);
    row.multiply_adds = step.multiply_adds, row.dense_multiply_adds = step.dense_multiply_adds;
    return row;
}

std::vector<Row> NetworkEntry::profile(int64_t runs) {
    std::vector<Row> rows;
    for (size_t i = 0; i < network_->step_count(); ++i) rows.push_back(step_row(i));
    ThreadPool& pool = pool_.enter();
    for (int64_t run = -1; run < runs; ++run) {  // the first one warms up
        prepare_run();
        for (size_t i = 0; i < rows.size(); ++i) {
            const int64_t begin = now_ns();
            network_->run_step(i, pool);
            if (run >= 0) rows[i].samples_ns.push_back(std::max<int64_t>(now_ns() - begin, 1));
        }
    }
    double total = 0;
    for (Row& row : rows) row.ns = summarise(row.samples_ns), total += row.ns.median;
    for (Row& row : rows) row.share = row.ns.median / total;
    return rows;
}

}  // namespace ubp::bench
