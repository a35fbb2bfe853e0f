// Header and section table: where everything stands, and that its checksum matches.
#pragma once

#include "file/format.h"
#include "ubp/packed_file.h"

namespace ubp::file {

/// The whole file; not yet trusted.
struct Bytes {
    const uint8_t* data;
    size_t size;
};

/// The header, once it is sound and fits the number of bytes there are.
bool read_header(Bytes bytes, Header& header, FileError& error);

/// Checks that the sections cover the file without gaps, in order, with zero padding and matching checksums.
bool check_table(Bytes bytes, const Header& header, FileError& error);

/// One entry of a checked table.
inline Section section_at(Bytes bytes, uint32_t index) {
    return load_record<Section>(bytes.data + sizeof(Header) + size_t{index} * sizeof(Section));
}

}  // namespace ubp::file
