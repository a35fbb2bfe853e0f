// Feeds changed packed files to the reader, built with address and undefined-behaviour sanitizers:
//
//     fuzz_reader [--runs N] [--seed S] [--only RUN] FILE...
//
// Every file is judged in memory of exactly its size. A refusal must name a field; an accepted file is walked as
// kernels walk it, element by element, and its graph as the runtime runs it, and a small graph is run; memory may not
// exceed twice the file's size. Any breach, like a sanitizer's report, ends the program with the number of the run, and
// `--seed S --only RUN` repeats that one run.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "allocations.h"
#include "graph_run.h"
#include "graph_walk.h"
#include "mutator.h"
#include "ubp/packed_file.h"

extern "C" void __sanitizer_set_death_callback(void (*callback)());

namespace ubp::fuzz {
namespace {

uint64_t current_seed = 1, current_run = 0;

void print_run() {
    std::fprintf(stderr, "fuzz_reader: repeat with --seed %llu --only %llu\n",
                 static_cast<unsigned long long>(current_seed), static_cast<unsigned long long>(current_run));
}

[[noreturn]] void fail(const char* what, const char* detail = "") {
    std::fprintf(stderr, "fuzz_reader: %s: %s\n", what, detail);
    print_run();
    std::exit(1);
}

/// What a number of runs came to.
struct Tally {
    uint64_t accepted = 0;
    uint64_t executed = 0;    ///< graphs that were run
    double worst_memory = 0;  ///< bytes allocated over the file's size
    std::map<std::string, uint64_t> refused;
};

/// The field that a refusal names, indices taken out: "layers[].rows".
std::string field_of(const char* line) {
    const char* colon = std::strstr(line, ": ");
    if (colon == nullptr || colon == line || colon[2] == '\0' || std::strchr(line, '\n'))
        fail("no field in the refusal", line);
    std::string field;
    for (const char* at = line; at < colon; ++at) {
        const bool good = (*at >= 'a' && *at <= 'z') || *at == '_' || *at == '[' || *at == ']' || *at == '.';
        if (good) field += *at;
        else if (*at < '0' || *at > '9') fail("no field in the refusal", line);
    }
    return field;
}

double weight_of(const LayerView& v, uint64_t place) {
    return v.dtype == DType::int8 ? v.weights_as<int8_t>()[place] : double(v.weight(place));
}

/// Of int8: the bias, the scales, and every column once.
double walk_integers(const LayerView& v) {
    double sum = 0;
    for (uint32_t row = 0; row < v.rows; ++row) {
        if (!(v.scales[row] > 0)) fail("accepted a scale that is none");
        sum += double(v.integer_bias[row]) * v.scales[row];
    }
    if (!v.column_order) return sum;
    std::vector<bool> seen(v.columns);
    for (uint32_t i = 0; i < v.columns; ++i) {
        if (v.column_order[i] >= v.columns || seen[v.column_order[i]]) fail("accepted an order that is none");
        seen[v.column_order[i]] = true;
    }
    return sum;
}

/// Bias, and what belongs to rows beside it.
double walk_rows(const LayerView& v) {
    if (v.dtype == DType::int8) return walk_integers(v);
    double sum = 0;
    for (uint32_t row = 0; row < v.rows; ++row) sum += v.bias[row];
    return sum;
}

/// Reads everything a kernel would read, and checks what it relies on.
double walk(const LayerView& v) {
    double sum = walk_rows(v);
    if (v.block_size == 0) {
        for (uint64_t i = 0; i < v.dense_count(); ++i) sum += weight_of(v, i);
        return sum;
    }
    const uint32_t places = (v.columns + v.block_columns - 1) / v.block_columns;
    uint32_t walked = 0;
    for (uint32_t start = 0; start + v.block_size <= v.rows; ++start)
        for (uint32_t block = v.row_begin[start]; block < v.row_begin[start + 1]; ++block, ++walked) {
            if (v.block_column[block] >= places) fail("accepted a column beyond the last");
            for (uint32_t i = 0; i < v.block_size * v.block_columns; ++i)
                sum += weight_of(v, uint64_t{block} * v.block_size * v.block_columns + i);
        }
    if (walked != v.block_count) fail("accepted blocks that belong to no start row");
    if (v.block_column[walked] != 0 || v.block_column[size_t{walked} + 1] != 0)
        fail("accepted columns behind the last");
    const size_t width = element_bytes(v.dtype);
    const char* behind = static_cast<const char*>(v.weights_at(size_t{v.block_count} * v.block_size * v.block_columns));
    uint32_t bits = 0;  // not read as numbers: nobody has promised that these are any
    for (uint32_t i = 0; i < v.readable_after_weights; ++i, sum += bits) std::memcpy(&bits, behind + i * width, width);
    return sum;
}

volatile double sink;  // keeps the walk from being optimised away

void execute(const PackedFile& packed, Tally& tally) {
    const char* wrong = run_graph(packed, current_run);
    if (wrong[0] != '\0') fail("ran an accepted graph", wrong);
    ++tally.executed;
}

void judge(const File& file, Tally& tally) {
    std::unique_ptr<uint8_t, void (*)(void*)> memory(static_cast<uint8_t*>(std::malloc(file.size() ? file.size() : 1)),
                                                     std::free);
    std::copy(file.begin(), file.end(), memory.get());
    FileError error;
    PackedFile packed;
    start_counting();
    const bool accepted = packed.open(memory.get(), file.size(), error);
    const size_t allocated = stop_counting();
    if (allocated > 2 * file.size()) fail("allocated more than twice the file's size");
    if (!file.empty()) tally.worst_memory = std::max(tally.worst_memory, double(allocated) / double(file.size()));
    if (!accepted) {
        ++tally.refused[field_of(error.text)];
        return;
    }
    if (error.text[0] != '\0' || packed.layers().empty()) fail("accepted, and yet an error", error.text);
    if (packed.graph()) {
        const char* wrong = walk_graph(*packed.graph(), packed.layers().size());
        if (wrong[0] != '\0') fail("accepted a graph that can't run", wrong);
        if (is_small(packed)) execute(packed, tally);
    }
    for (const FileLayer& layer : packed.layers()) sink = walk(layer.view) + double(layer.name.back());
    ++tally.accepted;
}

File read_seed(const char* path) {
    std::ifstream stream(path, std::ios::binary);
    File file{std::istreambuf_iterator<char>(stream), {}};
    FileError error;
    if (!PackedFile().open(file.data(), file.size(), error)) fail(path, error.text);
    return file;
}

void report(uint64_t runs, const Tally& tally) {
    std::printf(
        "%llu runs, seed %llu: %llu accepted; memory at most %.2f of the file's size; %llu graphs run; "
        "refused by field:\n",
        static_cast<unsigned long long>(runs), static_cast<unsigned long long>(current_seed),
        static_cast<unsigned long long>(tally.accepted), tally.worst_memory,
        static_cast<unsigned long long>(tally.executed));
    for (const auto& [field, count] : tally.refused)
        std::printf("%12llu  %s\n", static_cast<unsigned long long>(count), field.c_str());
}

int run(int count, char** arguments) {
    uint64_t runs = 100000, only = UINT64_MAX;
    std::vector<File> seeds;
    for (int i = 1; i < count; ++i) {
        const std::string argument = arguments[i];
        const bool option = argument == "--runs" || argument == "--seed" || argument == "--only";
        if (!option) seeds.push_back(read_seed(arguments[i]));
        else if (++i == count) fail("no value behind", argument.c_str());
        else
            (argument == "--runs"   ? runs
             : argument == "--seed" ? current_seed
                                    : only) = std::strtoull(arguments[i], nullptr, 10);
    }
    if (seeds.empty()) fail("no seed files");
    __sanitizer_set_death_callback(print_run);
    Tally tally;
    const uint64_t first = only == UINT64_MAX ? 0 : only, last = only == UINT64_MAX ? runs : only + 1;
    for (current_run = first; current_run < last; ++current_run) {
        Random random(current_seed * 0x9E3779B97F4A7C15u +
                      current_run);  // every run by itself, so that it can be repeated
        const File& seed = seeds[random() % seeds.size()];
        judge(mutate(seed, seeds[random() % seeds.size()], random), tally);
    }
    report(last - first, tally);
    return 0;
}

}  // namespace
}  // namespace ubp::fuzz

int main(int count, char** arguments) { return ubp::fuzz::run(count, arguments); }
