// Counts what the program allocates through operator new while counting is on (one thread).
#pragma once

#include <cstddef>

namespace ubp::fuzz {

/// Starts counting from zero.
void start_counting();

/// Stops and returns all bytes that were asked for since, freed or not: more than were ever held at once.
size_t stop_counting();

}  // namespace ubp::fuzz
