#include "packing/byte_panel.h"

#include <algorithm>

#include "kernels/integers/dot.h"

namespace ubp {
namespace {

constexpr int64_t outside = -1;

// Less 128, modulo 256.
UBP_INLINE uint8x16_t moved(uint8x16_t bytes) { return veorq_u8(bytes, vdupq_n_u8(128)); }
UBP_INLINE uint8x8_t moved(uint8x8_t bytes) { return veor_u8(bytes, vdup_n_u8(128)); }

// Copies bytes less 128: whole vectors, of which the last one may lie over the one before.
void move_bytes(const uint8_t* from, int count, int8_t* to_bytes) {
    uint8_t* const to = reinterpret_cast<uint8_t*>(to_bytes);
    if (count >= 16) {
        for (int i = 0; i + 16 < count; i += 16) vst1q_u8(to + i, moved(vld1q_u8(from + i)));
        vst1q_u8(to + count - 16, moved(vld1q_u8(from + count - 16)));
    } else if (count >= 8) {
        const uint8x8_t first = vld1_u8(from), last = vld1_u8(from + count - 8);
        vst1_u8(to, moved(first));
        vst1_u8(to + count - 8, moved(last));
    } else {
        for (int i = 0; i < count; ++i) to[i] = uint8_t(from[i] ^ 128);
    }
}

// Four rows of 16 positions as quads.
void interleave(const int8_t (*rows)[BytePanelPacker::most_positions], int first, int8_t* to) {
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
void interleave_rows(const int8_t (*rows)[BytePanelPacker::most_positions], int width, int8_t* to) {
    int p = 0;
    for (; p + 16 <= width; p += 16) interleave(rows, p, to + 4 * p);
    if (p == width) return;
    int8_t last[64];
    interleave(rows, p, last);  // rows have room for whole vectors
    std::copy_n(last, 4 * (width - p), to + 4 * p);
}

}  // namespace

BytePanelPacker::BytePanelPacker(const Geometry& geometry, uint8_t zero_point, const uint16_t* order)
    : geometry_(geometry), zero_point_(zero_point), order_(order) {}

// Where tap `tap` of an output position is, from the first image's channel.
int64_t BytePanelPacker::offset_of(int64_t position, int64_t tap) const {
    const Geometry& g = geometry_;
    const int64_t image = position / g.out_plane(), within = position % g.out_plane();
    const int64_t row = within / g.out_w * g.stride_h - g.pad_h + tap / g.kernel_w * g.dilation_h;
    const int64_t column = within % g.out_w * g.stride_w - g.pad_w + tap % g.kernel_w * g.dilation_w;
    if (row < 0 || row >= g.height || column < 0 || column >= g.width) return outside;
    return image * g.channels * g.plane() + row * g.width + column;
}

void BytePanelPacker::find_runs(int64_t first, int count) {
    runs_.clear();
    run_begin_.clear();
    for (int64_t tap = 0; tap < geometry_.taps(); ++tap) {
        run_begin_.push_back(runs_.size());
        for (int p = 0; p < count; ++p) {
            const int64_t offset = offset_of(first + p, tap);
            if (runs_.size() > run_begin_.back()) {
                Run& run = runs_.back();
                const int64_t next = run.offset == outside ? outside : run.offset + run.count;
                if (offset == next) {
                    ++run.count;
                    continue;
                }
            }
            runs_.push_back({int16_t(p), 1, offset});
        }
    }
    run_begin_.push_back(runs_.size());
}

void BytePanelPacker::fill_row(const uint8_t* x, size_t column, int8_t* to) const {
    const size_t taps = size_t(geometry_.taps()), tap = column % taps;
    const uint8_t* const channel = x + int64_t(column / taps) * geometry_.plane();
    for (size_t r = run_begin_[tap]; r < run_begin_[tap + 1]; ++r) {
        const Run& run = runs_[r];
        if (run.offset == outside) std::fill_n(to + run.begin, run.count, int8_t(zero_point_ ^ 128));
        else move_bytes(channel + run.offset, run.count, to + run.begin);
    }
}

void BytePanelPacker::pack(const IntegerTile& tile, const uint8_t* x, int64_t first, int count, int8_t* panel) {
    const size_t columns = size_t(geometry_.channels * geometry_.taps());
    find_runs(first, count);
    if (tile.form == Form::zipped) {
        const int stride = zipped_stride(tile.vectors);
        for (size_t k = 0; k < columns; ++k) fill_row(x, k, panel + k * size_t(stride));
        return;
    }
    const size_t quad_bytes = size_t(tile.width()) * quad;
    int8_t rows[quad][most_positions] = {};
    for (size_t k = 0; k < columns; k += quad, panel += quad_bytes) {
        for (size_t i = 0; i < std::min<size_t>(quad, columns - k); ++i) {
            fill_row(x, order_ ? order_[k + i] : k + i, rows[i]);
        }
        interleave_rows(rows, tile.width(), panel);
    }
}

}  // namespace ubp
