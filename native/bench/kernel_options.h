// The words of kernel_bench's command line.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "ubp/convolution.h"

namespace ubp {

using Options = std::map<std::string, std::string>;

[[noreturn]] inline void refuse(const std::string& text) {
    std::fprintf(stderr, "kernel_bench: %s\n", text.c_str());
    std::exit(2);
}

inline int number(const Options& o, const std::string& name, int otherwise) {
    const auto found = o.find(name);
    return found == o.end() ? otherwise : std::atoi(found->second.c_str());
}

inline std::string word(const Options& o, const std::string& name, const std::string& otherwise) {
    const auto found = o.find(name);
    return found == o.end() ? otherwise : found->second;
}

inline std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts;
    std::stringstream stream(text);
    for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
    return parts;
}

inline Core core_of(const Options& o) {
    const std::string name = word(o, "variant", "best");
    if (name == "wide") return Core::wide;
    if (name == "inorder") return Core::inorder;
    if (name == "best") return Core::best;
    if (name == "automatic") return Core::automatic;
    refuse("unknown variant: " + name);
}

inline Kernel kernel_of(const std::string& name) {
    if (name == "ubp") return Kernel::ubp;
    if (name == "abp") return Kernel::abp;
    if (name == "dense") return Kernel::dense;
    if (name == "sparse") return Kernel::sparse;
    refuse("unknown kernel: " + name);
}

inline DType dtype_of_options(const Options& o) {
    const std::string name = word(o, "dtype", "fp32");
    if (name == "fp32") return DType::fp32;
    if (name == "fp16") return DType::fp16;
    refuse("unknown dtype: " + name);
}

}  // namespace ubp
