// Which kernel set suits the core a thread runs on.
#pragma once

#include "kernels/planar/planar.h"
#include "kernels/winograd/winograd.h"
#include "kernels/wros/walk.h"
#include "ubp/convolution.h"

namespace ubp {

// The set for `core`; Core::automatic looks at the core that the calling thread is on.
const KernelSet& kernels_for(Core core);

// The planar and Winograd kernels of this machine: one schedule serves all of its cores.
const PlanarKernels& planar_kernels();
const WinogradKernels& winograd_kernels();

}  // namespace ubp
