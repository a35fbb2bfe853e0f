// Whether the process may still map so much.
#pragma once

#include <cstddef>

namespace ubp {

/// Maps the bytes and gives them back.
bool has_room(size_t bytes);

}  // namespace ubp
