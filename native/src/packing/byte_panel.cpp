#include "packing/byte_panel.h"

#include <algorithm>

#include "kernels/integers/dot.h"
#include "packing/byte_phases.h"

namespace ubp {
namespace {

constexpr size_t behind = 16;  // bytes that copies read or write more

constexpr size_t room = BytePanelPacker::most_positions + behind;  // of a row of positions

// Less 128, modulo 256.
UBP_INLINE uint8x16_t moved(uint8x16_t bytes) { return veorq_u8(bytes, vdupq_n_u8(128)); }
UBP_INLINE uint8x8_t moved(uint8x8_t bytes) { return veor_u8(bytes, vdup_n_u8(128)); }

// Pieces of Count bytes less 128, of which the last one may lie over the one before.
template <int Count>
UBP_INLINE void move_piece(const uint8_t* from, uint8_t* to) {
    if constexpr (Count == 16) {
        vst1q_u8(to, moved(vld1q_u8(from)));
    } else if constexpr (Count == 8) {
        vst1_u8(to, moved(vld1_u8(from)));
    } else {
        uint32_t four;
        __builtin_memcpy(&four, from, 4);
        four ^= 0x80808080u;
        __builtin_memcpy(to, &four, 4);
    }
}
template <int Count>
UBP_INLINE void move_pieces(const uint8_t* from, int count, uint8_t* to) {
    for (int i = 0; i + Count < count; i += Count) move_piece<Count>(from + i, to + i);
    move_piece<Count>(from + count - Count, to + count - Count);
}

// Reads and writes nothing else.
void move_bytes(const uint8_t* from, int count, int8_t* to_bytes) {
    uint8_t* const to = reinterpret_cast<uint8_t*>(to_bytes);
    if (count >= 16) return move_pieces<16>(from, count, to);
    if (count >= 8) return move_pieces<8>(from, count, to);
    if (count >= 4) return move_pieces<4>(from, count, to);
    for (int i = 0; i < count; ++i) to[i] = uint8_t(from[i] ^ 128);
}

// Up to 15 bytes more are read and written.
UBP_INLINE void copy_whole(const uint8_t* from, int count, int8_t* to) {
    for (int i = 0; i < count; i += 16) vst1q_u8(reinterpret_cast<uint8_t*>(to) + i, vld1q_u8(from + i));
}

// Four rows of 16 positions as quads.
void interleave(const int8_t (*rows)[room], int first, int8_t* to) {
    const int8x16_t a = vld1q_s8(rows[0] + first), b = vld1q_s8(rows[1] + first);
    const int8x16_t c = vld1q_s8(rows[2] + first), d = vld1q_s8(rows[3] + first);
    const int16x8_t low[2] = {vreinterpretq_s16_s8(vzip1q_s8(a, b)), vreinterpretq_s16_s8(vzip1q_s8(c, d))};
    const int16x8_t high[2] = {vreinterpretq_s16_s8(vzip2q_s8(a, b)), vreinterpretq_s16_s8(vzip2q_s8(c, d))};
    vst1q_s16(reinterpret_cast<int16_t*>(to), vzip1q_s16(low[0], low[1]));
    vst1q_s16(reinterpret_cast<int16_t*>(to + 16), vzip2q_s16(low[0], low[1]));
    vst1q_s16(reinterpret_cast<int16_t*>(to + 32), vzip1q_s16(high[0], high[1]));
    vst1q_s16(reinterpret_cast<int16_t*>(to + 48), vzip2q_s16(high[0], high[1]));
}

// Four rows of `width` positions, a multiple of 4, as quads.
void interleave_rows(const int8_t (*rows)[room], int width, int8_t* to) {
    int p = 0;
    for (; p + 16 <= width; p += 16) interleave(rows, p, to + 4 * p);
    if (p == width) return;
    int8_t last[64];
    interleave(rows, p, last);  // rows have room for whole vectors
    std::copy_n(last, 4 * (width - p), to + 4 * p);
}

}  // namespace

BytePanelPacker::BytePanelPacker(const Geometry& geometry, uint8_t zero_point, const uint16_t* order)
    : geometry_(geometry), zero_point_(zero_point) {
    const Geometry& g = geometry;
    const bool plain = g.taps() == 1 && g.stride_h == 1 && g.stride_w == 1 && !g.padded();
    if (plain) {
        row_positions_ = plane_bytes_ = g.plane();
    } else {
        const int64_t reach_h = g.dilation_h * (g.kernel_h - 1), reach_w = g.dilation_w * (g.kernel_w - 1);
        row_positions_ = g.out_w;
        phase_bytes_ = g.out_w + reach_w / g.stride_w;
        row_bytes_ = g.stride_w * phase_bytes_;
        padded_rows_ = (g.out_h - 1) * g.stride_h + reach_h + 1;
        plane_bytes_ = padded_rows_ * row_bytes_;
        padded_bytes_ = (size_t(g.batch * g.channels * plane_bytes_) + behind + 63) / 64 * 64;
    }
    for (int64_t k = 0; k < g.channels * g.taps(); ++k) {
        const int64_t column = order ? order[k] : k, tap = column % g.taps();
        const int64_t right = tap % g.kernel_w * g.dilation_w;
        places_.push_back(column / g.taps() * plane_bytes_ + tap / g.kernel_w * g.dilation_h * row_bytes_ +
                          right % g.stride_w * phase_bytes_ + right / g.stride_w);
    }
}

void BytePanelPacker::pad(const uint8_t* x, int64_t plane, int8_t* padded) const {
    const Geometry& g = geometry_;
    int8_t* const to = padded + plane * plane_bytes_;
    std::fill_n(to, plane_bytes_, int8_t(zero_point_ ^ 128));
    PhaseRows image;
    image.from = x + plane * g.plane(), image.width = g.width;
    image.rows = std::max<int64_t>(0, std::min(g.height, padded_rows_ - g.pad_h));
    image.stride = g.stride_w, image.pad = g.pad_w;
    image.to = to + g.pad_h * row_bytes_, image.row_bytes = row_bytes_, image.phase_bytes = phase_bytes_;
    centre_phases(image);
}

size_t BytePanelPacker::panel_bytes(const IntegerTile& tile, size_t columns) {
    const size_t quads = (columns + quad - 1) / quad * quad;
    const size_t stride = size_t(tile.form == Form::zipped ? zipped_stride(tile.vectors) : tile.width());
    return (tile.form == Form::zipped ? columns : quads) * stride + 2 * behind;
}

BytePanelPacker::Runs BytePanelPacker::runs_of(int64_t first, int count) const {
    const int64_t plane = geometry_.out_plane();
    int64_t image = first / plane, row = first % plane / row_positions_, column = first % plane % row_positions_;
    Runs runs;
    for (int p = 0; p < count;) {
        const int some = int(std::min<int64_t>(count - p, row_positions_ - column));
        const int64_t at = image * geometry_.channels * plane_bytes_ + row * geometry_.stride_h * row_bytes_ + column;
        runs.run[runs.count++] = {p, some, at};
        p += some, column = 0;
        if (++row * row_positions_ == plane) row = 0, ++image;
    }
    return runs;
}

UBP_INLINE void BytePanelPacker::fill_row(const uint8_t* from, const Runs& runs, size_t column, int8_t* to) const {
    from += places_[column];
    for (int r = 0; r < runs.count; ++r) {
        const Run& run = runs.run[r];
        if (padded_bytes_ != 0) copy_whole(from + run.offset, run.count, to + run.begin);
        else move_bytes(from + run.offset, run.count, to + run.begin);
    }
}

void BytePanelPacker::pack(const IntegerTile& tile, const void* source, int64_t first, int count, int8_t* panel) const {
    const uint8_t* const from = static_cast<const uint8_t*>(source);
    const size_t columns = places_.size();
    const Runs runs = runs_of(first, count);
    if (tile.form == Form::zipped) {
        const int stride = zipped_stride(tile.vectors);
        for (size_t k = 0; k < columns; ++k) fill_row(from, runs, k, panel + k * size_t(stride));
        return;
    }
    const size_t quad_bytes = size_t(tile.width()) * quad;
    int8_t rows[quad][room] = {};
    for (size_t k = 0; k < columns; k += quad, panel += quad_bytes) {
        for (size_t i = 0; i < std::min<size_t>(quad, columns - k); ++i) fill_row(from, runs, k + i, rows[i]);
        interleave_rows(rows, tile.width(), panel);
    }
}

}  // namespace ubp
