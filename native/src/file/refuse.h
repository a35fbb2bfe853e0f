// How a rule says that it is broken.
#pragma once

#include "ubp/packed_file.h"

namespace ubp::file {

/// Writes the line "field: reason" and returns false, so that a check ends with `return refuse(...)`.
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
bool refuse(FileError& error, const char* format, ...);

}  // namespace ubp::file
