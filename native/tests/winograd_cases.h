// The cases of test_winograd.cpp.
#pragma once

#include <vector>

#include "cases.h"

namespace ubp {

std::vector<Case> winograd_cases();

}  // namespace ubp
