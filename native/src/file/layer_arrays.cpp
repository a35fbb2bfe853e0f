#include "file/layer_arrays.h"

#include <bitset>

#include "file/layer_integers.h"
#include "file/refuse.h"

namespace ubp::file {
namespace {

using ull = unsigned long long;

/// Walks the sections of one layer.
struct SectionCursor {
    Bytes bytes;
    uint32_t section_count, layer;
    uint32_t& section;
    FileError& error;

    /// The next section as an array, once it is of this kind, belongs to the layer, and has exactly `count` elements.
    template <typename Element>
    bool take(uint32_t kind, const char* label, uint64_t count, const Element*& array) {
        const void* found = nullptr;
        if (!take(kind, label, count, sizeof(Element), found)) return false;
        array = static_cast<const Element*>(found);
        return true;
    }

    bool take(uint32_t kind, const char* label, uint64_t count, size_t element_size, const void*& array) {
        if (section >= section_count)
            return refuse(error, "section_count: is %u, layer %u has more", section_count, layer);
        const Section entry = section_at(bytes, section);
        if (entry.kind != kind) return refuse(error, "sections[%u].kind: is not %u", section, kind);
        if (entry.layer != layer) return refuse(error, "sections[%u].layer: is not %u", section, layer);
        const uint64_t size = count * element_size;  // rows <= 2^24, columns <= 2^16, blocks < 2^32: far below 2^64
        if (entry.size != size)
            return refuse(error, "sections[%u].size: is %llu, %s of layer %u has %llu", section, ull(entry.size), label,
                          layer, ull(size));
        array = bytes.data + entry.offset;
        ++section;
        return true;
    }
};

bool check_row_begin(const LayerView& v, uint32_t starts, uint32_t layer, FileError& error) {
    if (v.row_begin[0] != 0) return refuse(error, "layers[%u].row_begin[0]: is not 0", layer);
    for (uint32_t r = 0; r < starts; ++r)
        if (v.row_begin[r + 1] < v.row_begin[r])
            return refuse(error, "layers[%u].row_begin[%u]: is below the one before", layer, r + 1);
    if (v.row_begin[starts] != v.block_count)
        return refuse(error, "layers[%u].row_begin[%u]: is not block_count", layer, starts);
    return true;
}

bool is_aligned(const LayerView& v, uint32_t starts) {
    for (uint32_t r = 0; r < starts; ++r)
        if (v.row_begin[r] != v.row_begin[r + 1] && r % v.block_size != 0) return false;
    return true;
}

/// Kernels read two columns ahead, so behind the last block stand two that lie in every layer.
bool check_columns_behind(const LayerView& v, uint32_t layer, FileError& error) {
    for (uint64_t b = v.block_count; b < uint64_t{v.block_count} + kColumnsBehind; ++b)
        if (v.block_column[b] != 0)
            return refuse(error, "layers[%u].block_column[%llu]: is not 0, and belongs to no block", layer, ull(b));
    return true;
}

bool check_column_order(const LayerView& v, uint32_t starts, uint32_t layer, FileError& error) {
    const uint32_t places = (v.columns + v.block_columns - 1) / v.block_columns;
    for (uint32_t b = 0; b < v.block_count; ++b)
        if (v.block_column[b] >= places)
            return refuse(error, "layers[%u].block_column[%u]: is beyond the last %s", layer, b,
                          v.block_columns == 1 ? "column" : "group");
    for (uint32_t r = 0; r < starts; ++r)
        for (uint32_t b = v.row_begin[r] + 1; b < v.row_begin[r + 1]; ++b)
            if (v.block_column[b] <= v.block_column[b - 1])
                return refuse(error, "layers[%u].block_column[%u]: does not ascend within its start row", layer, b);
    return true;
}

/// A block overlaps another of its column where that one began less than N rows above. So one bit per column is enough:
/// set when a block begins, cleared N start rows later. Every block is visited twice, whatever N is.
bool check_overlap(const LayerView& v, uint32_t starts, uint32_t layer, FileError& error) {
    std::bitset<kMaxColumns> covered;
    for (uint32_t r = 0; r < starts; ++r) {
        if (r >= v.block_size)
            for (uint32_t b = v.row_begin[r - v.block_size]; b < v.row_begin[r - v.block_size + 1]; ++b)
                covered.reset(v.block_column[b]);
        for (uint32_t b = v.row_begin[r]; b < v.row_begin[r + 1]; ++b) {
            if (covered.test(v.block_column[b]))
                return refuse(error, "layers[%u].block_column[%u]: the block overlaps one above it", layer, b);
            covered.set(v.block_column[b]);
        }
    }
    return true;
}

/// Bits of fp32 and fp16 numbers, and their exponent: all ones is an infinity or a NaN.
struct SinglePrecision {
    using Bits = uint32_t;
    static constexpr Bits exponent = 0x7F800000u;
};
struct HalfPrecision {
    using Bits = uint16_t;
    static constexpr Bits exponent = 0x7C00u;
};
struct Whole {
    using Bits = uint8_t;
};

template <class Format>
typename Format::Bits bits_of(const void* values, uint64_t i) {
    typename Format::Bits bits;
    std::memcpy(&bits, static_cast<const uint8_t*>(values) + i * sizeof bits, sizeof bits);
    return bits;
}

/// Whole chunks are tested without a branch, so that the loop vectorises.
template <class Format>
bool check_finite(const void* values, uint64_t count, const char* label, uint32_t layer, FileError& error) {
    constexpr uint64_t kChunk = 4096;
    const auto is_bad = [&](uint64_t i) { return (bits_of<Format>(values, i) & Format::exponent) == Format::exponent; };
    for (uint64_t begin = 0; begin < count; begin += kChunk) {
        const uint64_t end = begin + kChunk < count ? begin + kChunk : count;
        uint32_t bad = 0;
        for (uint64_t i = begin; i < end; ++i) bad |= uint32_t{is_bad(i)};
        if (!bad) continue;
        for (uint64_t i = begin; i < end; ++i)
            if (is_bad(i)) return refuse(error, "layers[%u].%s[%llu]: is not finite", layer, label, ull(i));
    }
    return true;
}

/// In blocks of 8 rows, the places of rows beyond R are +0.0.
template <class Format>
bool check_filled_rows(const LayerView& v, uint32_t layer, FileError& error) {
    if (!v.blocked || v.rows % 8 == 0) return true;
    const uint64_t begin = uint64_t{v.rows} / 8 * v.columns * 8, end = v.dense_count();
    for (uint64_t i = begin; i < end; ++i)
        if (i % 8 >= v.rows % 8 && bits_of<Format>(v.weights, i) != 0)
            return refuse(error, "layers[%u].weights[%llu]: is not 0, and belongs to no row", layer, ull(i));
    return true;
}

uint64_t weight_count(const LayerView& v) {
    return v.is_dense() ? v.dense_count() : uint64_t{v.block_count} * v.block_size * v.block_columns;
}

template <class Format>
bool check_numbers(const LayerView& v, uint32_t layer, FileError& error) {
    const uint64_t weights = weight_count(v);
    return check_finite<Format>(v.weights, weights, "weights", layer, error) &&
           check_finite<SinglePrecision>(v.bias, v.rows, "bias", layer, error) &&
           check_filled_rows<Format>(v, layer, error);
}

bool check_whole_numbers(const LayerView& v, uint32_t layer, FileError& error) {
    return check_integers(v, weight_count(v), layer, error) && check_filled_rows<Whole>(v, layer, error) &&
           check_filled_columns(v, layer, error) && check_sums(v, layer, error);
}

/// The bias; then, of int8, scales and the order of the columns.
bool take_rows(SectionCursor& cursor, const LayerRecord& record, LayerView& view) {
    if (view.dtype != DType::int8) return cursor.take(kBias, "bias", record.rows, view.bias);
    const bool grouped = record.block_columns == kGroupedColumns;
    const uint16_t* order = nullptr;
    if (!cursor.take(kBias, "bias", record.rows, view.integer_bias) ||
        !cursor.take(kScales, "scales", record.rows, view.scales) ||
        !cursor.take(kColumnOrder, "column_order", grouped ? record.columns : 0, order))
        return false;
    view.column_order = grouped ? order : nullptr;
    return true;
}

}  // namespace

bool view_arrays(Bytes bytes, uint32_t section_count, const LayerRecord& record, uint32_t layer, uint32_t& section,
                 LayerView& view, FileError& error) {
    SectionCursor cursor{bytes, section_count, layer, section, error};
    const bool sparse = record.block_size != 0;
    if (sparse &&
        !(cursor.take(kRowBegin, "row_begin", uint64_t{start_rows(record.rows, record.block_size)} + 1,
                      view.row_begin) &&
          cursor.take(kBlockColumn, "block_column", uint64_t{record.block_count} + kColumnsBehind, view.block_column)))
        return false;
    view.blocked = !sparse && record.groups == 1;
    const uint64_t weights = weight_count(view);
    const size_t width = element_bytes(view.dtype);
    if (!cursor.take(kWeights, "weights", weights, width, view.weights) || !take_rows(cursor, record, view))
        return false;
    const uint8_t* weights_end = static_cast<const uint8_t*>(view.weights) + weights * width;
    const uint64_t behind = static_cast<uint64_t>(bytes.data + bytes.size - weights_end) / width;
    view.readable_after_weights = static_cast<uint32_t>(behind < UINT32_MAX ? behind : UINT32_MAX);
    return true;
}

bool check_arrays(const LayerView& v, uint32_t flags, uint32_t layer, FileError& error) {
    const bool sparse = v.block_size != 0;
    const uint32_t starts = start_rows(v.rows, v.block_size);
    if (sparse && !check_row_begin(v, starts, layer, error)) return false;
    const bool aligned = sparse && is_aligned(v, starts);
    if (sparse && !(check_columns_behind(v, layer, error) && check_column_order(v, starts, layer, error) &&
                    check_overlap(v, starts, layer, error)))
        return false;
    if (((flags & kFlagAligned) != 0) != aligned)
        return refuse(error, "layers[%u].flags: the blocks are %saligned", layer, aligned ? "" : "not ");
    if (v.dtype == DType::int8) return check_whole_numbers(v, layer, error);
    return v.dtype == DType::fp16 ? check_numbers<HalfPrecision>(v, layer, error)
                                  : check_numbers<SinglePrecision>(v, layer, error);
}

}  // namespace ubp::file
