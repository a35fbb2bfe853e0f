// Compares what becomes of a layer's sums with plain code, bit for bit. Part of test_integer_planar.

#include <cstring>

#include "byte_helpers.h"
#include "operator/integers/layer_end.h"

namespace ubp {
namespace {

// Rows of sums of any size, ties among them, with what is added.
struct Rows {
    size_t rows = 1, count = 1, stride = 1, out_stride = 1;
    std::vector<int32_t> sums;
    std::vector<float> factors;  // [rows]
    Bytes addend;

    Rows(size_t row_count, size_t sum_count, uint32_t salt)
        : rows(row_count), count(sum_count), stride(sum_count + 3), out_stride(sum_count + salt % 2) {
        std::mt19937 random(seed + salt);
        for (size_t i = 0; i < rows * stride; ++i) sums.push_back(int32_t(random()) >> (random() % 32));
        for (size_t i = 0; i < rows; ++i) factors.push_back(i % 3 == 0 ? 0.5f : i % 3 == 1 ? 1e-4f : 3e5f);
        addend = random_bytes(salt + 1, rows * out_stride);
    }
    float steps(size_t row, size_t i, const LayerEnd& end) const {
        const float product = float(sums[row * stride + i]) * factors[row];
        if (!end.residual) return product;
        const float added = centred(addend[row * out_stride + i], end.residual_zero) * end.residual_factor;
        return product + added;
    }
    SumsEnd view() const {
        SumsEnd end;
        end.sums = sums.data(), end.rows = int64_t(rows), end.count = int64_t(count), end.stride = int64_t(stride);
        end.factors = factors.data(), end.out_stride = int64_t(out_stride);
        return end;
    }
};

std::string text_of(const Rows& rows, const LayerEnd& end) {
    return text_of_numbers("rows, count, fp32, residual, table:",
                           std::vector<int64_t>{int64_t(rows.rows), int64_t(rows.count), end.floats, end.residual,
                                                end.result.table != nullptr});
}

void check_bytes(const Rows& rows, const LayerEnd& end) {
    Bytes expected = rows.addend;  // between rows nothing changes
    for (size_t r = 0; r < rows.rows; ++r) {
        for (size_t i = 0; i < rows.count; ++i)
            expected[r * rows.out_stride + i] = byte_of(rows.steps(r, i, end), end.result);
    }
    GuardedArray<uint8_t> y(expected.size());
    std::copy(rows.addend.begin(), rows.addend.end(), y.data());
    end.end_rows(rows.view(), end.residual ? y.data() : nullptr, y.data());
    expect_same(text_of(rows, end), expected, y);
}

void check_floats(const Rows& rows, const LayerEnd& end) {
    std::vector<float> expected(rows.addend.size(), 7.0f);
    for (size_t r = 0; r < rows.rows; ++r) {
        for (size_t i = 0; i < rows.count; ++i)
            expected[r * rows.out_stride + i] = std::min(std::max(rows.steps(r, i, end), 0.0f), 6.0f);
    }
    GuardedArray<float> y(expected.size(), 7.0f);
    end.end_rows(rows.view(), end.residual ? rows.addend.data() : nullptr, y.data());
    expect_same(text_of(rows, end), expected, y);
}

}  // namespace

void check_sums_end() {
    const ByteTable table = shuffled_table();
    const Affine made{0.05f, 20};
    const ByteResult results[] = {{made}, result_of(Activation::relu6, made), {made, 0, 255, table.data()}};
    for (size_t count = 1; count < 40; ++count) {
        for (size_t row_count : {1u, 2u, 9u}) {
            const Rows rows(row_count, count, uint32_t(count));
            for (bool residual : {false, true}) {
                for (const ByteResult& result : results) {
                    check_bytes(rows, {result, false, {}, residual, 77, 0.5f});
                    check_floats(rows, {result, true, clamp_of(Activation::relu6), residual, 77, 0.5f});
                }
            }
        }
    }
}

}  // namespace ubp
