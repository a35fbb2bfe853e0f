// CRC-32 as zlib, PNG and Ethernet use it (reflected polynomial 0xEDB88320).
#pragma once

#include <cstddef>
#include <cstdint>

namespace ubp::file {

uint32_t crc32(const uint8_t* data, size_t size);

}  // namespace ubp::file
