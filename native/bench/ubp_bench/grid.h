// What is to be timed: layers of files, times kernels, times numbers of threads.
#pragma once

#include <memory>
#include <vector>

#include "entries/mapped_file.h"
#include "options.h"
#include "entries/plain_loop.h"

namespace ubp::bench {

/// One layer of one file with its input.
struct Case {
    const MappedFile* file;
    const FileLayer* layer;
    Shape shape;
};

/// Cases whose entries take turns: the layers of one name, one per file that has it.
using Group = std::vector<Case>;

/// Opens nothing; throws BadInput where a layer or its image isn't there.
std::vector<Group> make_groups(const std::vector<std::unique_ptr<MappedFile>>& files, const Options& options);

/// Input values of a case: random numbers from -1 to 1, the same for the same seed and shape on every machine.
std::vector<float> make_input(const Case& one, uint64_t seed);

/// Random numbers from -1 to 1, the same for the same seed on every machine.
std::vector<float> random_input(size_t count, uint64_t seed);

}  // namespace ubp::bench
