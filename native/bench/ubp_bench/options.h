// What the user asks of ubp_bench. Parses the command line; opens nothing and runs nothing.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "ubp/convolution.h"

namespace ubp::bench {

/// Something that was given can't be used: one line on stderr, exit code 2.
struct BadInput : std::runtime_error {
    using std::runtime_error::runtime_error;
};

enum class Format { table, csv, json, json_lines };

struct Options {
    std::vector<std::string> files;
    std::vector<std::string> layers;           ///< names; empty: all of every file
    int64_t batch = 1, height = 0, width = 0;  ///< 0: the image that the file names
    std::vector<unsigned> threads{1};
    std::vector<int> cpus;  ///< empty: no affinity
    std::vector<Kernel> kernels{Kernel::sparse};
    int64_t warmup = -1;  ///< -1: until stable
    int64_t runs = 0;     ///< 0: by min_seconds
    double min_seconds = 0.5;
    double timeout_seconds = 600;
    uint64_t seed = 1;
    bool check = false;
    bool profile = false;  ///< of networks: their steps too
    bool progress = false;
    bool winograd = true;  ///< where it costs less
    bool count = false;    ///< one more run per entry, between marks
    Format format = Format::table;
};

/// Parses the arguments; throws BadInput. Prints and ends the program itself for --help and --version only.
Options parse_options(const std::vector<std::string>& arguments);

/// "auto", "measured", "dense", "abp" or "ubp".
const char* kernel_option(Kernel kernel);

/// CPU numbers of a list such as "0,4-7", ascending, each once; throws BadInput.
std::vector<int> parse_cpu_list(const std::string& text);

}  // namespace ubp::bench
