// Element-wise operators on whole tensors of bytes, concatenation, and conversion from and to other types.
#pragma once

#include <cstdint>

#include "operator/integers/affine.h"
#include "ubp/thread_pool.h"

namespace ubp {

// y = activation(a + b) or activation(a * b); y may be a or b. per_channel: b has one byte for each plane of a.
struct IntegerBinary {
    bool multiply = false, per_channel = false;
    Affine a, b;
    ByteResult result;
    int64_t planes = 1, plane = 1;  // of a: number and elements of each

    void run(const uint8_t* a_bytes, const uint8_t* b_bytes, uint8_t* y, unsigned threads, ThreadPool& pool) const;
};

// y = table[x] for each byte: an activation by itself, or another scale; y may be x.
void run_byte_table(const uint8_t* table, const uint8_t* x, uint8_t* y, int64_t count, unsigned threads,
                    ThreadPool& pool);

// y [outer][sum of counts], from inputs [outer][counts[i]], as bytes of `made`.
struct IntegerPart {
    const uint8_t* from = nullptr;
    int64_t count = 0;
    Affine given;
};
void run_byte_concatenation(const IntegerPart* parts, size_t part_count, const Affine& made, uint8_t* y, int64_t outer,
                            unsigned threads, ThreadPool& pool);

// T: float or Half.
template <class T>
void run_conversion(const T* x, uint8_t* y, int64_t count, const Affine& made, unsigned threads, ThreadPool& pool);
template <class T>
void run_conversion(const uint8_t* x, T* y, int64_t count, const Affine& given, unsigned threads, ThreadPool& pool);

}  // namespace ubp
