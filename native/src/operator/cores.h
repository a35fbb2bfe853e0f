// Which kernel set suits the core a thread runs on.
#pragma once

#include "kernels/planar/planar.h"
#include "kernels/winograd/winograd.h"
#include "kernels/wros/walk.h"
#include "ubp/convolution.h"

namespace ubp {

// The set for `core`; Core::automatic looks at the core that the calling thread is on. T: float or Half.
template <class T>
const KernelSet<T>& kernels_for(Core core);

// The planar and Winograd kernels of this machine: one schedule serves all of its cores.
template <class T>
const PlanarKernels<T>& planar_kernels();
template <class T, class A>
const WinogradKernels<T, A>& winograd_kernels();

// True where every core of the machine computes in fp16.
bool has_half_arithmetic();

// True where the kernels of Half may be called: with that arithmetic, and off ARM64, where they are emulated.
bool runs_half_kernels();

}  // namespace ubp
