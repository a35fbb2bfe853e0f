// The cases of test_byte_panel.cpp.
#pragma once

#include <vector>

#include "cases.h"

namespace ubp {

std::vector<Case> byte_panel_cases();

}  // namespace ubp
