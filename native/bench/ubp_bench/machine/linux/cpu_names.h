// Names of ARM cores by implementer and part number, as the main ID register has them.
#pragma once

#include <string>

namespace ubp::bench {

/// The core's name, or "0x41/0xd99" where it isn't known here.
std::string arm_cpu_name(unsigned implementer, unsigned part);

}  // namespace ubp::bench
