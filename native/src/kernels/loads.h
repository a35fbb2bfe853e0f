// Loads and stores of vectors of any element, in the ways that cores differ in. Include half.h before where elements
// are halves.
#pragma once

#include "kernels/neon.h"

namespace ubp {
namespace {

// A load that is not merged with another of the same address: where a value is wanted in several registers, loads leave
// the arithmetic units alone, which copies would not.
// The compiler does not see what is read: it must not have been written in the same function. Offset: vectors.
template <int Offset, class T>
UBP_INLINE Vector<T> load_again(const T* from) {
#if defined(__aarch64__)
    Vector<T> v;
    asm volatile("ldr %q0, [%1, %2]" : "=w"(v) : "r"(from), "i"(16 * Offset));
    return v;
#else
    return load(from + lanes<T> * Offset);
#endif
}

// Loads Count vectors from consecutive addresses. Multi-register loads are one micro-operation per register on the
// Cortex-A76, where a single `ldr q` is two; in-order cores prefer single loads.
template <int Count, class V, class T>
UBP_INLINE void load_together(V* to, const T* from) {
    constexpr int width = 16 / int(sizeof(T));
#if defined(__aarch64__)
    if constexpr (Count >= 4) {
        const auto four = load_four(from);
        unroll<0, 4>([&](auto j) UBP_LAMBDA { to[j] = four.val[j]; });
        load_together<Count - 4>(to + 4, from + 4 * width);
    } else if constexpr (Count == 3) {
        const auto three = load_three(from);
        unroll<0, 3>([&](auto j) UBP_LAMBDA { to[j] = three.val[j]; });
    } else if constexpr (Count == 2) {
        const auto two = load_two(from);
        unroll<0, 2>([&](auto j) UBP_LAMBDA { to[j] = two.val[j]; });
    } else if constexpr (Count == 1) {
        to[0] = load(from);
    }
#else
    for (int j = 0; j < Count; ++j) to[j] = load(from + width * j);
#endif
}

// Stores Count vectors to consecutive addresses, by the instruction that takes several registers: they must be
// neighbours, so this is for values that have just been computed.
template <int Count, class V, class T>
UBP_INLINE void store_together(T* to, const V* from) {
    constexpr int width = 16 / int(sizeof(T));
#if defined(__aarch64__)
    if constexpr (Count >= 4) {
        store_four(to, from);
        store_together<Count - 4>(to + 4 * width, from + 4);
    } else if constexpr (Count == 3) {
        store_three(to, from);
    } else if constexpr (Count == 2) {
        store_two(to, from);
    } else if constexpr (Count == 1) {
        store_alone(to, from[0]);
    }
#else
    for (int j = 0; j < Count; ++j) store(to + width * j, from[j]);
#endif
}

}  // namespace
}  // namespace ubp
