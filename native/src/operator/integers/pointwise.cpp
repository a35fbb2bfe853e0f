#include "operator/integers/pointwise.h"

#include <algorithm>

#include "kernels/planar/convert.h"
#include "threads/item_loop.h"

namespace ubp {
namespace {

constexpr int64_t item_elements = 16384;  // of one item: small enough for a cache and large enough for a thread

// Calls body(first, count) for parts of `total` elements.
template <class Body>
void for_each_part(int64_t total, unsigned threads, ThreadPool& pool, const Body& body) {
    for_each_item(pool, threads, (total + item_elements - 1) / item_elements, [&](int64_t item, unsigned) {
        const int64_t first = item * item_elements;
        body(first, std::min(item_elements, total - first));
    });
}

// The pass of an operation, with everything but its arrays.
BytePass pass_of(const IntegerBinary& op) {
    BytePass pass;
    const float made = op.result.made.scale;
    pass.a_zero = op.a.zero_point, pass.b_zero = op.b.zero_point;
    pass.a_factor = factor_of(op.multiply ? double(op.a.scale) * double(op.b.scale) : double(op.a.scale), made);
    pass.b_factor = factor_of(op.b.scale, made);
    pass.limits = op.result.limits();
    return pass;
}

BytePassFunction function_of(const IntegerBinary& op, const BytePass& pass) {
    const double a = double(pass.a_factor), b = double(pass.b_factor);
    const bool bounded = ByteResult::bounded(op.multiply ? 255.0 * 255.0 * a : 255.0 * (a + b));
    const BytePassFunction* const scalar = op.multiply ? multiply_byte_scalar : add_byte_scalar;
    return (op.per_channel ? scalar : op.multiply ? multiply_bytes : add_bytes)[bounded ? 0 : 1];
}

}  // namespace

void IntegerBinary::run(const uint8_t* a_bytes, const uint8_t* b_bytes, uint8_t* y, unsigned threads,
                        ThreadPool& pool) const {
    const BytePass common = pass_of(*this);
    const BytePassFunction op = function_of(*this, common);
    // Planes of one byte of b each, as rows; or all as one row.
    const auto run_planes = [&](int64_t at, int64_t b_at, int64_t count, int64_t rows) {
        BytePass pass = common;
        pass.a = a_bytes + at, pass.b = b_bytes + b_at, pass.out = y + at;
        pass.count = count, pass.rows = rows;
        pass.a_stride = pass.out_stride = count, pass.b_stride = 1;
        op(pass);
        if (result.table) look_up_bytes(result.table, pass.out, pass.out, count * rows);
    };
    if (!per_channel) {
        for_each_part(planes * plane, threads, pool,
                      [&](int64_t first, int64_t count) { run_planes(first, first, count, 1); });
        return;
    }
    const int64_t chunk = std::max<int64_t>(1, item_elements / plane);
    for_each_item(pool, threads, (planes + chunk - 1) / chunk, [&](int64_t item, unsigned) {
        const int64_t first = item * chunk;
        run_planes(first * plane, first, plane, std::min(chunk, planes - first));
    });
}

void run_byte_table(const uint8_t* table, const uint8_t* x, uint8_t* y, int64_t count, unsigned threads,
                    ThreadPool& pool) {
    for_each_part(count, threads, pool,
                  [&](int64_t first, int64_t part) { look_up_bytes(table, x + first, y + first, part); });
}

void run_byte_concatenation(const IntegerPart* parts, size_t part_count, const Affine& made, uint8_t* y, int64_t outer,
                            unsigned threads, ThreadPool& pool) {
    int64_t width = 0, at = 0;
    for (size_t i = 0; i < part_count; ++i) width += parts[i].count;
    for (size_t i = 0; i < part_count; at += parts[i++].count) {
        const IntegerPart& part = parts[i];
        const bool same = part.given.scale == made.scale && part.given.zero_point == made.zero_point;
        const ByteTable table = same ? ByteTable{} : table_of(part.given, {made});
        for (int64_t row = 0; row < outer; ++row) {
            const uint8_t* const from = part.from + row * part.count;
            uint8_t* const to = y + row * width + at;
            if (same) std::copy_n(from, part.count, to);
            else run_byte_table(table.data(), from, to, part.count, threads, pool);
        }
    }
}

template <class T>
void run_conversion(const T* x, uint8_t* y, int64_t count, const Affine& made, unsigned threads, ThreadPool& pool) {
    constexpr int64_t most = 1024;  // halves that are widened at a time
    for_each_part(count, threads, pool, [&](int64_t first, int64_t part) {
        if constexpr (sizeof(T) == sizeof(float)) {
            bytes_of_numbers(x + first, y + first, part, made);
        } else {
            float wide[most];
            for (int64_t at = 0; at < part; at += most) {
                widen(x + first + at, wide, std::min(most, part - at));
                bytes_of_numbers(wide, y + first + at, std::min(most, part - at), made);
            }
        }
    });
}

template <class T>
void run_conversion(const uint8_t* x, T* y, int64_t count, const Affine& given, unsigned threads, ThreadPool& pool) {
    constexpr int64_t most = 1024;
    for_each_part(count, threads, pool, [&](int64_t first, int64_t part) {
        if constexpr (sizeof(T) == sizeof(float)) {
            floats_of_bytes(x + first, y + first, part, given.zero_point, given.scale);
        } else {
            float wide[most];
            for (int64_t at = 0; at < part; at += most) {
                floats_of_bytes(x + first + at, wide, std::min(most, part - at), given.zero_point, given.scale);
                narrow(wide, y + first + at, std::min(most, part - at));
            }
        }
    });
}

#define UBP_FOR(T)                                                                                   \
    template void run_conversion(const T*, uint8_t*, int64_t, const Affine&, unsigned, ThreadPool&); \
    template void run_conversion(const uint8_t*, T*, int64_t, const Affine&, unsigned, ThreadPool&);
UBP_FOR(float)
UBP_FOR(Half)
#undef UBP_FOR

}  // namespace ubp
