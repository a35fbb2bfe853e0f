#include "fields.h"

namespace ubp::bench {
namespace {

template <typename Number>
Value optional_value(const std::optional<Number>& number) {
    return number ? Value(*number) : Value();
}

}  // namespace

const std::vector<Field>& row_fields() {
    static const std::vector<Field> fields = {
        {"schema_version", nullptr, [](const Row&, const Device&) { return Value(kSchemaVersion); }},
        {"scope", nullptr, [](const Row& r, const Device&) { return Value(r.scope); }},
        {"operation", nullptr, [](const Row& r, const Device&) { return Value(r.operation); }},
        {"file", "file", [](const Row& r, const Device&) { return Value(r.file); }},
        {"model", nullptr, [](const Row& r, const Device&) { return Value(r.model); }},
        {"layer", "layer", [](const Row& r, const Device&) { return Value(r.layer); }},
        {"kernel_asked", nullptr, [](const Row& r, const Device&) { return Value(r.kernel_asked); }},
        {"kernel", "kernel", [](const Row& r, const Device&) { return Value(r.kernel); }},
        {"core_schedule", nullptr, [](const Row& r, const Device&) { return Value(r.core); }},
        {"threads", "threads", [](const Row& r, const Device&) { return Value(r.threads); }},
        {"cpus", nullptr, [](const Row& r, const Device&) { return r.cpus.empty() ? Value() : Value(r.cpus); }},
        {"rows", nullptr, [](const Row& r, const Device&) { return Value(r.rows); }},
        {"columns", nullptr, [](const Row& r, const Device&) { return Value(r.columns); }},
        {"block_size", "N", [](const Row& r, const Device&) { return Value(r.block_size); }},
        {"blocks", nullptr, [](const Row& r, const Device&) { return Value(r.blocks); }},
        {"aligned", nullptr, [](const Row& r, const Device&) { return Value(r.aligned); }},
        {"sparsity", "sparsity", [](const Row& r, const Device&) { return Value(r.sparsity); }},
        {"method", nullptr, [](const Row& r, const Device&) { return Value(r.method); }},
        {"criterion", nullptr, [](const Row& r, const Device&) { return Value(r.criterion); }},
        {"weight_shape", nullptr, [](const Row& r, const Device&) { return Value(r.weight_shape); }},
        {"stride", nullptr, [](const Row& r, const Device&) { return Value(r.stride); }},
        {"padding", nullptr, [](const Row& r, const Device&) { return Value(r.padding); }},
        {"dilation", nullptr, [](const Row& r, const Device&) { return Value(r.dilation); }},
        {"activation", nullptr, [](const Row& r, const Device&) { return Value(r.activation); }},
        {"dtype", "type", [](const Row& r, const Device&) { return Value(r.dtype); }},
        {"arithmetic", nullptr, [](const Row& r, const Device&) { return Value(r.arithmetic); }},
        {"batch", nullptr, [](const Row& r, const Device&) { return Value(r.batch); }},
        {"input_shape", "input", [](const Row& r, const Device&) { return Value(r.input_shape); }},
        {"output_shape", nullptr, [](const Row& r, const Device&) { return Value(r.output_shape); }},
        {"seed", nullptr, [](const Row& r, const Device&) { return Value(r.seed); }},
        {"warmup_runs", nullptr, [](const Row& r, const Device&) { return Value(r.warmup_runs); }},
        {"runs", "runs", [](const Row& r, const Device&) { return Value(int64_t(r.samples_ns.size())); }},
        {"min_ns", "min ms", [](const Row& r, const Device&) { return Value(r.ns.min); }},
        {"median_ns", "median ms", [](const Row& r, const Device&) { return Value(r.ns.median); }},
        {"p90_ns", "p90 ms", [](const Row& r, const Device&) { return Value(r.ns.p90); }},
        {"mean_ns", nullptr, [](const Row& r, const Device&) { return Value(r.ns.mean); }},
        {"deviation_ns", nullptr, [](const Row& r, const Device&) { return Value(r.ns.deviation); }},
        {"multiply_adds", nullptr, [](const Row& r, const Device&) { return Value(r.multiply_adds); }},
        {"dense_multiply_adds", nullptr, [](const Row& r, const Device&) { return Value(r.dense_multiply_adds); }},
        {"gflops", "GFLOP/s", [](const Row& r, const Device&) { return Value(r.gflops()); }},
        {"dense_equivalent_gflops", "as dense",
         [](const Row& r, const Device&) { return Value(r.dense_equivalent_gflops()); }},
        {"measured_dense_ns", nullptr,
         [](const Row& r, const Device&) { return r.dense_ns ? Value(r.dense_ns) : Value(); }},
        {"measured_sparse_ns", nullptr,
         [](const Row& r, const Device&) { return r.sparse_ns ? Value(r.sparse_ns) : Value(); }},
        {"packed_bytes", nullptr, [](const Row& r, const Device&) { return Value(r.packed_bytes); }},
        {"workspace_bytes", nullptr, [](const Row& r, const Device&) { return Value(r.workspace_bytes); }},
        {"arena_bytes", nullptr,
         [](const Row& r, const Device&) { return r.arena_bytes ? Value(r.arena_bytes) : Value(); }},
        {"prepared_bytes", nullptr,
         [](const Row& r, const Device&) { return r.prepared_bytes ? Value(r.prepared_bytes) : Value(); }},
        {"share", "share", [](const Row& r, const Device&) { return optional_value(r.share); }},
        {"peak_memory_kb", nullptr, [](const Row& r, const Device&) { return Value(r.peak_memory_kb); }},
        {"output_crc32", nullptr, [](const Row& r, const Device&) { return Value(r.checksum); }},
        {"check", "check",
         [](const Row& r, const Device&) {
             if (r.differs) return Value(std::string("differs"));
             return r.error ? Value(std::string("ok")) : Value();
         }},
        {"check_error", nullptr, [](const Row& r, const Device&) { return optional_value(r.error); }},
        {"clock_probe_before_ns", nullptr, [](const Row& r, const Device&) { return Value(r.before.probe_ns); }},
        {"clock_probe_after_ns", nullptr, [](const Row& r, const Device&) { return Value(r.after.probe_ns); }},
        {"khz_before", nullptr, [](const Row& r, const Device&) { return optional_value(r.before.fastest_khz); }},
        {"khz_after", nullptr, [](const Row& r, const Device&) { return optional_value(r.after.fastest_khz); }},
        {"celsius_before", nullptr, [](const Row& r, const Device&) { return optional_value(r.before.celsius); }},
        {"celsius_after", nullptr, [](const Row& r, const Device&) { return optional_value(r.after.celsius); }},
        {"moved", nullptr, [](const Row& r, const Device&) { return Value(r.moved); }},
        {"device", nullptr, [](const Row&, const Device& d) { return Value(d.cpu_summary()); }},
        {"machine", nullptr, [](const Row&, const Device& d) { return Value(d.machine); }},
        {"emulated", nullptr, [](const Row&, const Device& d) { return Value(d.emulated); }},
        {"build", nullptr,
         [](const Row&, const Device&) { return Value(std::string(kOptimised ? "optimised" : "UNOPTIMISED")); }},
        {"samples_ns", nullptr, [](const Row& r, const Device&) { return Value(r.samples_ns); }},
        {"notes", "notes", [](const Row& r, const Device&) { return Value(r.notes); }},
    };
    return fields;
}

}  // namespace ubp::bench
