// One layer's record: every number against its own range and the others. Knows no section.
#pragma once

#include "file/format.h"
#include "ubp/packed_file.h"

namespace ubp::file {

bool check_record(const LayerRecord& record, uint32_t layer, FileError& error);

}  // namespace ubp::file
