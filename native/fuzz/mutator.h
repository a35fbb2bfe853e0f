// Changes valid packed files. Knows the layout, so that most changes get past the first checks.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace ubp::fuzz {

using File = std::vector<uint8_t>;
using Random = std::mt19937_64;

/// A copy of `seed` with one to four changes: bits, numbers of the records, array elements, sections exchanged or
/// copied from `other`, bytes removed or added. Checksums are made true again in seven of eight.
File mutate(const File& seed, const File& other, Random& random);

}  // namespace ubp::fuzz
