// The copies that fill a panel: the same few floats of every input plane, one panel row each. Part of a kernel set,
// because wide cores prefer loads and stores of several registers and in-order cores single ones.
#pragma once

#include "kernels/neon.h"
#include "kernels/wros/walk.h"

namespace ubp {
namespace {

// V vectors of each of `planes` planes, under a mask where Masked.
template <int V, bool Masked, bool Together>
void copy_planes(const PlaneCopy& copy) {
    uint32x4_t mask[V];
    for (int j = 0; Masked && j < V; ++j) mask[j] = vld1q_u32(copy.mask + 4 * j);
    const float* from = copy.from;
    float* to = copy.to;
    const int64_t plane = copy.plane, step = copy.step;
    for (int64_t left = copy.planes; left > 0; --left) {
        float32x4_t v[V];
        if constexpr (Together) {
            load_together<V>(v, from);
        } else {
            for (int j = 0; j < V; ++j) v[j] = vld1q_f32(from + 4 * j);
        }
        for (int j = 0; Masked && j < V; ++j) {
            v[j] = vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v[j]), mask[j]));
        }
        if constexpr (Together) {
            store_together<V>(to, v);
        } else {
            for (int j = 0; j < V; ++j) vst1q_f32(to + 4 * j, v[j]);
        }
        from += plane;
        to += step;
        UBP_KEEP(from);
        UBP_KEEP(to);
    }
}

template <bool Together>
constexpr CopyKernels copy_kernels = {
    {nullptr, copy_planes<1, false, Together>, copy_planes<2, false, Together>, copy_planes<3, false, Together>,
     copy_planes<4, false, Together>, copy_planes<5, false, Together>, copy_planes<6, false, Together>,
     copy_planes<7, false, Together>, copy_planes<8, false, Together>, copy_planes<9, false, Together>},
    {nullptr, copy_planes<1, true, Together>, copy_planes<2, true, Together>, copy_planes<3, true, Together>,
     copy_planes<4, true, Together>, copy_planes<5, true, Together>, copy_planes<6, true, Together>,
     copy_planes<7, true, Together>, copy_planes<8, true, Together>, copy_planes<9, true, Together>},
};

}  // namespace
}  // namespace ubp
