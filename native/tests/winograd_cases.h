// The cases of test_winograd.cpp and test_half_winograd.cpp.
#pragma once

#include <vector>

#include "cases.h"

namespace ubp {

std::vector<Case> winograd_cases();
std::vector<Case> half_winograd_cases();  // among the others

}  // namespace ubp
