#include "file/section_table.h"

#include <algorithm>

#include "file/crc32.h"
#include "file/refuse.h"

namespace ubp::file {
namespace {

using ull = unsigned long long;

/// Bytes of header and table; in 64 bits, so that no count overflows it.
uint64_t table_end(const Header& header) { return sizeof(Header) + uint64_t{header.section_count} * sizeof(Section); }

bool all_zero(Bytes bytes, uint64_t begin, uint64_t end) {
    return std::all_of(bytes.data + begin, bytes.data + end, [](uint8_t byte) { return byte == 0; });
}

bool is_array(uint32_t kind) { return kind >= kRowBegin && kind <= kColumnOrder; }

bool is_known(uint32_t kind) { return (kind >= kTexts && kind <= kColumnOrder) || (kind >= kGraph && kind <= kTables); }

/// Whether a section of this kind may be entry `index` of the table; those of the graph begin at `graph_begin`.
bool fits_place(uint32_t kind, uint32_t index, uint32_t graph_begin) {
    if (index < 2) return kind == index + 1;
    return index < graph_begin ? is_array(kind) : kind == kGraph + (index - graph_begin);
}

/// Checks one entry against the place where its section must stand, and moves `position` to the next one's.
bool check_section(Bytes bytes, uint32_t index, uint32_t graph_begin, uint64_t& position, FileError& error) {
    const Section entry = section_at(bytes, index);
    const bool owned = is_array(entry.kind);
    if (!is_known(entry.kind)) return refuse(error, "sections[%u].kind: %u is unknown", index, entry.kind);
    if (!fits_place(entry.kind, index, graph_begin))
        return refuse(error, "sections[%u].kind: %u can't stand here", index, entry.kind);
    if (!owned && entry.layer != kNoLayer)
        return refuse(error, "sections[%u].layer: this section belongs to no layer", index);
    if (entry.reserved != 0) return refuse(error, "sections[%u].reserved: is not 0", index);
    if (entry.offset != position)
        return refuse(error, "sections[%u].offset: is %llu, the section must stand at %llu", index, ull(entry.offset),
                      ull(position));
    if (entry.offset > bytes.size || entry.size > bytes.size - entry.offset)
        return refuse(error, "sections[%u].size: %llu bytes reach beyond the file", index, ull(entry.size));
    const uint64_t end = entry.offset + entry.size;
    position = align_up(end);  // within the file, as above
    if (!all_zero(bytes, end, position)) return refuse(error, "sections[%u].padding: is not zero", index);
    if (crc32(bytes.data + entry.offset, entry.size) != entry.checksum)
        return refuse(error, "sections[%u].checksum: does not match", index);
    return true;
}

}  // namespace

bool read_header(Bytes bytes, Header& header, FileError& error) {
    if (bytes.size < sizeof(Header)) return refuse(error, "file_size: %zu bytes are too few for a header", bytes.size);
    header = load_record<Header>(bytes.data);
    if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0)
        return refuse(error, "magic: this is not a packed file (.ubp)");
    if (header.version != kVersion)
        return refuse(error, "version: is %u, this reader knows %u: %s", header.version, kVersion,
                      header.version > kVersion ? "a newer ubp-tui wrote it"
                                                : "an older ubp-tui wrote it, export or pack it again");
    if (crc32(bytes.data, sizeof(Header) - 4) != header.header_checksum)
        return refuse(error, "header_checksum: does not match");
    if ((header.flags & ~kFlagGraph) != 0) return refuse(error, "flags: has an unknown bit");
    if (header.file_size != bytes.size)
        return refuse(error, "file_size: says %llu, there are %zu bytes", ull(header.file_size), bytes.size);
    if (bytes.size % kAlignment != 0) return refuse(error, "file_size: is no multiple of 64");
    if (header.layer_count == 0) return refuse(error, "layer_count: is 0");
    const uint64_t layers = header.layer_count, sections = header.section_count, others = 2 + graph_sections(header);
    if (sections < others + 2 * layers || sections > others + 6 * layers)
        return refuse(error, "section_count: %llu can't belong to %llu layers", ull(sections), ull(layers));
    if (table_end(header) > bytes.size) return refuse(error, "section_count: the table is longer than the file");
    return true;
}

bool check_table(Bytes bytes, const Header& header, FileError& error) {
    const uint64_t end = table_end(header);
    if (crc32(bytes.data + sizeof(Header), end - sizeof(Header)) != header.table_checksum)
        return refuse(error, "table_checksum: does not match");
    uint64_t position = align_up(end);  // within the file: its size is a multiple of 64
    if (!all_zero(bytes, end, position)) return refuse(error, "table_padding: is not zero");
    for (uint32_t index = 0; index < header.section_count; ++index)
        if (!check_section(bytes, index, header.section_count - graph_sections(header), position, error)) return false;
    if (position != bytes.size)
        return refuse(error, "file_size: %llu bytes belong to no section", ull(bytes.size - position));
    return true;
}

}  // namespace ubp::file
