#include "options.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

namespace ubp::bench {
namespace {

constexpr char kHelp[] =
    R"(usage: ubp_bench FILE.ubp... [options]

Times packed networks, and the layers of packed files. Several files, layers, kernels and thread counts make a grid; entries of layers with
the same name take turns, run by run, so that all of them meet the same conditions.

  --input HxW        input image (default: the one that the file names for each layer)
  --batch N          images per run (default: 1)
  --layer NAME       only this layer; may be repeated
  --kernel LIST      auto, ubp, abp, dense, measured (default: auto)
                       ubp       code for blocks at any row; runs aligned files too
                       abp       code for aligned blocks; a file with others is refused
                       dense     a sparse layer is filled up with zeros
                       auto      abp where the file is aligned, else ubp; dense where it is dense
                       measured  dense or auto, whichever is faster here
  --no-winograd      dense 3x3 layers of stride 1 by plain code too
  --threads LIST     numbers of threads (default: 1)
  --cpus LIST        CPUs to run on, such as 4-7: one thread on each, or all threads on all where there are more
  --warmup N         runs that don't count (default: until the times are stable)
  --runs N           runs that count
  --min-time S       or: until this many seconds have been measured per entry (default: 0.5; at least 10 runs)
  --profile          of a network: every step too, with its share of the time
  --check            compare every output with a plain loop; exit 1 where one differs
  --progress         say on standard error what is being done, one JSON object per line
  --count            one more run per entry, marked for a counter of instructions (docs/ubp_bench.md)
  --seed N           of the input's random numbers (default: 1)
  --timeout S        end with exit code 124 after this time (default: 600)
  --format F         table, csv, json, jsonl (default: table); --csv, --json and --jsonl for short
  --help, --version

exit codes: 0 done, 1 an output differs, 2 something given can't be used, 124 timed out
)";

[[noreturn]] void refuse(const std::string& option, const std::string& text, const char* need) {
    throw BadInput(option + ": '" + text + "' is not " + need);
}

int64_t parse_whole(const std::string& option, const std::string& text, int64_t least, int64_t most) {
    const bool digits = !text.empty() && text.size() <= 18 &&
                        std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    const int64_t value = digits ? std::strtoll(text.c_str(), nullptr, 10) : -1;
    if (value < least || value > most)
        refuse(option, text, ("a whole number from " + std::to_string(least) + " to " + std::to_string(most)).c_str());
    return value;
}

double parse_seconds(const std::string& option, const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !(value > 0) || value > 86400)
        refuse(option, text, "a number of seconds up to 86400");
    return value;
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts{""};
    for (char c : text) {
        if (c == separator) parts.emplace_back();
        else parts.back() += c;
    }
    return parts;
}

/// Appends what is not yet there, so that a list has each value once.
template <typename Value>
void add_once(std::vector<Value>& values, Value value) {
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

const std::map<std::string, Kernel> kKernels = {{"auto", Kernel::sparse},
                                                {"measured", Kernel::measured},
                                                {"dense", Kernel::dense},
                                                {"abp", Kernel::abp},
                                                {"ubp", Kernel::ubp}};

void parse_input(Options& o, const std::string& text) {
    const std::vector<std::string> sides = split(text, 'x');
    if (sides.size() != 2) refuse("--input", text, "HxW, such as 56x56");
    o.height = parse_whole("--input", sides[0], 1, 65535);
    o.width = parse_whole("--input", sides[1], 1, 65535);
}

void parse_kernels(Options& o, const std::string& text) {
    o.kernels.clear();
    for (const std::string& name : split(text, ',')) {
        const auto found = kKernels.find(name);
        if (found == kKernels.end()) refuse("--kernel", name, "one of auto, ubp, abp, dense, measured");
        add_once(o.kernels, found->second);
    }
}

void parse_threads(Options& o, const std::string& text) {
    o.threads.clear();
    for (const std::string& number : split(text, ','))
        add_once(o.threads, static_cast<unsigned>(parse_whole("--threads", number, 1, 64)));
}

void parse_format(Options& o, const std::string& text) {
    const std::map<std::string, Format> formats = {
        {"table", Format::table}, {"csv", Format::csv}, {"json", Format::json}, {"jsonl", Format::json_lines}};
    const auto found = formats.find(text);
    if (found == formats.end()) refuse("--format", text, "one of table, csv, json, jsonl");
    o.format = found->second;
}

using Setter = std::function<void(Options&, const std::string&)>;

/// Options that take a value.
const std::map<std::string, Setter> kSetters = {
    {"--input", parse_input},
    {"--kernel", parse_kernels},
    {"--threads", parse_threads},
    {"--format", parse_format},
    {"--batch", [](Options& o, const std::string& v) { o.batch = parse_whole("--batch", v, 1, 4096); }},
    {"--layer", [](Options& o, const std::string& v) { add_once(o.layers, v); }},
    {"--cpus", [](Options& o, const std::string& v) { o.cpus = parse_cpu_list(v); }},
    {"--warmup", [](Options& o, const std::string& v) { o.warmup = parse_whole("--warmup", v, 0, 1000000); }},
    {"--runs", [](Options& o, const std::string& v) { o.runs = parse_whole("--runs", v, 1, 1000000); }},
    {"--min-time", [](Options& o, const std::string& v) { o.min_seconds = parse_seconds("--min-time", v); }},
    {"--timeout", [](Options& o, const std::string& v) { o.timeout_seconds = parse_seconds("--timeout", v); }},
    {"--seed",
     [](Options& o, const std::string& v) { o.seed = static_cast<uint64_t>(parse_whole("--seed", v, 0, INT64_MAX)); }},
};

/// Options without a value; returns whether `argument` is one.
bool parse_flag(Options& o, const std::string& argument) {
    if (argument == "--check") o.check = true;
    else if (argument == "--profile") o.profile = true;
    else if (argument == "--progress") o.progress = true;
    else if (argument == "--count") o.count = true;
    else if (argument == "--no-winograd") o.winograd = false;
    else if (argument == "--csv" || argument == "--json" || argument == "--jsonl") parse_format(o, argument.substr(2));
    else return false;
    return true;
}

[[noreturn]] void print_and_exit(const char* text) {
    std::fputs(text, stdout);
    std::exit(std::fflush(stdout) == 0 ? 0 : 1);
}

}  // namespace

const char* kernel_option(Kernel kernel) {
    for (const auto& [name, value] : kKernels)
        if (value == kernel) return name.c_str();
    return "";
}

std::vector<int> parse_cpu_list(const std::string& text) {
    std::vector<int> cpus;
    for (const std::string& part : split(text, ',')) {
        const std::vector<std::string> ends = split(part, '-');
        if (ends.size() > 2) refuse("--cpus", part, "a number or a range such as 4-7");
        const int first = static_cast<int>(parse_whole("--cpus", ends.front(), 0, 1023));
        const int last = static_cast<int>(parse_whole("--cpus", ends.back(), first, 1023));
        for (int cpu = first; cpu <= last; ++cpu) add_once(cpus, cpu);
    }
    std::sort(cpus.begin(), cpus.end());
    return cpus;
}

Options parse_options(const std::vector<std::string>& arguments) {
    Options options;
    bool timed = false;
    for (size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        if (argument == "--help") print_and_exit(kHelp);
        if (argument == "--version") print_and_exit("ubp_bench 0.1.0\n");
        const auto setter = kSetters.find(argument);
        if (setter != kSetters.end()) {
            if (++i == arguments.size()) throw BadInput(argument + ": a value must follow");
            setter->second(options, arguments[i]);
            timed |= argument == "--min-time";
        } else if (argument.size() > 1 && argument[0] == '-') {
            if (!parse_flag(options, argument)) throw BadInput(argument + ": unknown option; --help lists them");
        } else {
            options.files.push_back(argument);
        }
    }
    if (options.files.empty()) throw BadInput("no file given; --help tells more");
    if (timed && options.runs > 0) throw BadInput("--runs and --min-time exclude each other");
    return options;
}

}  // namespace ubp::bench
