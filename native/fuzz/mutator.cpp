#include "mutator.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>

#include "file/crc32.h"
#include "file/format.h"

namespace ubp::fuzz {
namespace {

using namespace ubp::file;

uint64_t below(Random& random, uint64_t limit) { return limit == 0 ? 0 : random() % limit; }

/// Numbers at which checks go wrong: limits, neighbours of powers of two, infinities, and anything.
uint64_t interesting(Random& random, uint64_t before) {
    static const uint64_t kEdges[] = {0,
                                      1,
                                      2,
                                      3,
                                      4,
                                      16,
                                      17,
                                      63,
                                      64,
                                      0x80,
                                      4096,
                                      4097,
                                      65535,
                                      65536,
                                      65537,
                                      1u << 24,
                                      (1u << 24) + 1,
                                      0x7F800000,
                                      0x7FC00001,
                                      0x7FFFFFFF,
                                      0x80000000,
                                      0xFFFFFFFF,
                                      0x100000000,
                                      0x7FF0000000000000,
                                      0x7FFFFFFFFFFFFFFF,
                                      0xFFFFFFFFFFFFFFC0,
                                      0xFFFFFFFFFFFFFFFF};
    switch (below(random, 5)) {
        case 0: return kEdges[below(random, std::size(kEdges))];
        case 1: return before + 1;
        case 2: return before - 1;
        case 3: return before ^ (uint64_t{1} << below(random, 64));
        default: return random() >> below(random, 64);
    }
}

/// Overwrites the number of 1 to 8 bytes at `offset`, as far as it lies in the file.
void change_number(File& file, size_t offset, size_t size, Random& random) {
    if (offset > file.size() || size > file.size() - offset) return;
    uint64_t value = 0;
    std::memcpy(&value, file.data() + offset, size);
    value = interesting(random, value);
    std::memcpy(file.data() + offset, &value, size);
}

uint32_t section_count(const File& file) {
    if (file.size() < sizeof(Header)) return 0;
    const uint64_t fitting = (file.size() - sizeof(Header)) / sizeof(Section);
    return static_cast<uint32_t>(std::min<uint64_t>(load_record<Header>(file.data()).section_count, fitting));
}

size_t entry_offset(uint32_t index) { return sizeof(Header) + size_t{index} * sizeof(Section); }

Section entry_of(const File& file, uint32_t index) { return load_record<Section>(file.data() + entry_offset(index)); }

/// Whether a section lies in the file, so that it can be summed or changed.
bool inside(const File& file, const Section& section) {
    return section.offset <= file.size() && section.size <= file.size() - section.offset;
}

void put_number(File& file, size_t offset, uint32_t value) { std::memcpy(file.data() + offset, &value, sizeof value); }

void change_record(File& file, Random& random) {
    const uint32_t sections = section_count(file);
    switch (below(random, 3)) {
        case 0: return change_number(file, 4 * below(random, sizeof(Header) / 4), 4 << below(random, 2), random);
        case 1:
            return change_number(file,
                                 entry_offset(static_cast<uint32_t>(below(random, sections))) + 4 * below(random, 8),
                                 4 << below(random, 2), random);
        default: {
            if (sections < 2 || !inside(file, entry_of(file, 1))) return;
            const Section records = entry_of(file, 1);
            const size_t at = records.offset + below(random, records.size) / 4 * 4;
            return change_number(file, at, at % 8 == 0 && below(random, 4) == 0 ? 8 : 4, random);
        }
    }
}

void change_array(File& file, Random& random) {
    const uint32_t sections = section_count(file);
    if (sections == 0) return;
    const Section section = entry_of(file, static_cast<uint32_t>(below(random, sections)));
    if (!inside(file, section) || section.size == 0) return;
    const bool narrow = section.kind == kBlockColumn || section.kind == kColumnOrder;
    const bool typed = section.kind == kWeights && below(random, 2) == 0;  // of a layer in fp16 or int8, perhaps
    const size_t width = section.kind == kTexts || section.kind == kTables ? 1
                         : typed                                           ? 1 + below(random, 2)
                         : narrow                                          ? 2
                                                                           : 4;
    change_number(file, section.offset + below(random, section.size) / width * width, width, random);
}

/// Exchanges two entries of the table, or makes one point to where another does.
void exchange_sections(File& file, Random& random) {
    const uint32_t sections = section_count(file);
    if (sections == 0) return;
    uint8_t* first = file.data() + entry_offset(static_cast<uint32_t>(below(random, sections)));
    uint8_t* second = file.data() + entry_offset(static_cast<uint32_t>(below(random, sections)));
    if (first == second) return;
    if (below(random, 2) == 0) std::swap_ranges(first, first + sizeof(Section), second);
    else std::memcpy(first + 8, second + 8, 16);  // offset and size
}

void change_length(File& file, const File& other, Random& random) {
    switch (below(random, 4)) {
        case 0: file.resize(below(random, file.size() + 1)); break;
        case 1: {  // whole steps of 64 bytes
            const uint64_t steps = file.size() / kAlignment;
            file.resize(kAlignment * (steps - below(random, std::min<uint64_t>(steps, 3) + 1)));
            break;
        }
        case 2: file.resize(file.size() + kAlignment * (1 + below(random, 3))); break;
        default: file.insert(file.end(), other.begin(), other.end()); break;
    }
    if (file.size() >= sizeof(Header) && below(random, 4) != 0) {
        const uint64_t size = file.size();
        std::memcpy(file.data() + offsetof(Header, file_size), &size, sizeof size);
    }
}

void copy_stretch(File& file, const File& other, Random& random) {
    if (file.empty() || other.empty()) return;
    const size_t from = below(random, other.size()), to = below(random, file.size());
    const size_t count = std::min({other.size() - from, file.size() - to, size_t{1} + below(random, 128)});
    std::copy_n(other.begin() + static_cast<ptrdiff_t>(from), count, file.begin() + static_cast<ptrdiff_t>(to));
}

void repair_checksums(File& file) {
    if (file.size() < sizeof(Header)) return;
    const uint32_t sections = section_count(file);
    for (uint32_t index = 0; index < sections; ++index) {
        const Section section = entry_of(file, index);
        if (inside(file, section))
            put_number(file, entry_offset(index) + offsetof(Section, checksum),
                       crc32(file.data() + section.offset, section.size));
    }
    put_number(file, offsetof(Header, table_checksum), crc32(file.data() + sizeof(Header), sections * sizeof(Section)));
    put_number(file, offsetof(Header, header_checksum), crc32(file.data(), offsetof(Header, header_checksum)));
}

void change_once(File& file, const File& other, Random& random) {
    switch (below(random, 16)) {
        case 0:
        case 1:
        case 2:
        case 3:
        case 4: return change_record(file, random);
        case 5:
        case 6:
        case 7:
        case 8:
        case 9: return change_array(file, random);
        case 10: return exchange_sections(file, random);
        case 11: return change_length(file, other, random);
        case 12: return copy_stretch(file, other, random);
        case 13: return copy_stretch(file, File(file), random);
        default:
            if (!file.empty()) file[below(random, file.size())] ^= static_cast<uint8_t>(1u << below(random, 8));
    }
}

}  // namespace

File mutate(const File& seed, const File& other, Random& random) {
    File file = seed;
    for (uint64_t changes = 1 + below(random, 4); changes > 0; --changes) change_once(file, other, random);
    if (below(random, 8) != 0) repair_checksums(file);
    return file;
}

}  // namespace ubp::fuzz
