// The copies that fill a panel: the same few elements of every input plane, one panel row each. Part of a kernel set,
// because wide cores prefer loads and stores of several registers and in-order cores single ones.
#pragma once

#include "kernels/loads.h"
#include "kernels/wros/walk.h"

namespace ubp {
namespace {

// V vectors of each of `planes` planes, under a mask where Masked.
template <class T, int V, bool Masked, bool Together>
void copy_planes(const PlaneCopy<T>& copy) {
    using Moved = decltype(load(copy.mask));
    Moved mask[V];
    for (int j = 0; Masked && j < V; ++j) mask[j] = load(copy.mask + lanes<T> * j);
    const auto* from = reinterpret_cast<const Bits<T>*>(copy.from);
    auto* to = reinterpret_cast<Bits<T>*>(copy.to);
    const int64_t plane = copy.plane, step = copy.step;
    for (int64_t left = copy.planes; left > 0; --left) {
        Moved v[V];
        if constexpr (Together) {
            load_together<V>(v, from);
        } else {
            for (int j = 0; j < V; ++j) v[j] = load(from + lanes<T> * j);
        }
        for (int j = 0; Masked && j < V; ++j) v[j] = both(v[j], mask[j]);
        if constexpr (Together) {
            store_together<V>(to, v);
        } else {
            for (int j = 0; j < V; ++j) store(to + lanes<T> * j, v[j]);
        }
        from += plane;
        to += step;
        UBP_KEEP(from);
        UBP_KEEP(to);
    }
}

#define UBP_COPIES(MASKED)                \
    {nullptr,                             \
     copy_planes<T, 1, MASKED, Together>, \
     copy_planes<T, 2, MASKED, Together>, \
     copy_planes<T, 3, MASKED, Together>, \
     copy_planes<T, 4, MASKED, Together>, \
     copy_planes<T, 5, MASKED, Together>, \
     copy_planes<T, 6, MASKED, Together>, \
     copy_planes<T, 7, MASKED, Together>, \
     copy_planes<T, 8, MASKED, Together>, \
     copy_planes<T, 9, MASKED, Together>}

template <class T, bool Together>
constexpr CopyKernels<T> copy_kernels = {UBP_COPIES(false), UBP_COPIES(true)};

#undef UBP_COPIES

}  // namespace
}  // namespace ubp
