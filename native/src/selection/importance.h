// Checks on what a selection is given.
#pragma once
#include "selection/problem.h"

namespace ubp::selection {

// Sum of all importance, row by row, so that it does not depend on the threads; false where a value is NaN, infinite
// or negative.
bool sum_importance(const Problem& problem, double* total);

}  // namespace ubp::selection
