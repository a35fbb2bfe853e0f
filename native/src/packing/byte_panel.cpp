#include "packing/byte_panel.h"

#include <algorithm>

#include "kernels/integers/dot.h"
#include "packing/byte_phases.h"

namespace ubp {
namespace {

constexpr int one = 16;                     // bytes of a vector
constexpr size_t behind = 2 * size_t{one};  // bytes that copies read or write more

constexpr size_t room = BytePanelPacker::most_positions + behind;  // of a row of positions

// Vectors that hold `width` positions of a column.
constexpr int whole_vectors(int width) { return (width + one - 1) / one; }

// Less 128, modulo 256, where `flip` has 128.
template <int Offset>
UBP_INLINE uint8x16_t load_moved(const uint8_t* from, uint8x16_t flip) {
    const int8x16_t v = load_bytes<one, Offset>(reinterpret_cast<const int8_t*>(from));
    return veorq_u8(vreinterpretq_u8_s8(v), flip);
}

// Reads and writes nothing else.
void move_bytes(const uint8_t* from, int count, int8_t* to) {
    for (int i = 0; i < count; ++i) to[i] = int8_t(from[i] ^ 128);
}

// Count vectors.
template <int Count>
UBP_INLINE void copy_vectors(const uint8_t* from, uint8x16_t flip, int8_t* to) {
    unroll<0, Count>([&](auto j) UBP_LAMBDA {
        store_alone(reinterpret_cast<uint8_t*>(to) + one * j, load_moved<one * j>(from, flip));
    });
}

// A vector of each of four rows of positions as quads: Count vectors.
template <int Count>
UBP_INLINE void interleave(const uint8x16_t* row, uint8_t* to) {
    const auto store_pair = [&](uint8x16_t one_pair, uint8x16_t other, auto first) UBP_LAMBDA {
        const uint16x8_t a = vreinterpretq_u16_u8(one_pair), b = vreinterpretq_u16_u8(other);
        store_alone(to + one * first, vreinterpretq_u8_u16(vzip1q_u16(a, b)));
        if constexpr (Count > first + 1) store_alone(to + one * (first + 1), vreinterpretq_u8_u16(vzip2q_u16(a, b)));
    };
    store_pair(vzip1q_u8(row[0], row[1]), vzip1q_u8(row[2], row[3]), Index<0>{});
    if constexpr (Count > 2) store_pair(vzip2q_u8(row[0], row[1]), vzip2q_u8(row[2], row[3]), Index<2>{});
}

// The same of 4 * V positions; load(i, Index<p>) gives vector p of row i.
template <int V, class Load>
UBP_INLINE void interleave_rows(const Load& load, uint8_t* to) {
    unroll<0, (V + 3) / 4>([&](auto part) UBP_LAMBDA {
        uint8x16_t row[quad];
        for (uint32_t i = 0; i < quad; ++i) row[i] = load(i, part);
        interleave<(V - 4 * part < 4 ? V - 4 * part : 4)>(row, to + 4 * one * part);
    });
}

// Calls body(Index<V>) for a tile's vectors, of those that i8_tiles.def has.
template <class Body>
UBP_INLINE void with_vectors(int vectors, const Body& body) {
    switch (vectors) {
        case 1: return body(Index<1>{});
        case 2: return body(Index<2>{});
        case 3: return body(Index<3>{});
        case 4: return body(Index<4>{});
        case 6: return body(Index<6>{});
        default: return body(Index<8>{});
    }
}

}  // namespace

BytePanelPacker::BytePanelPacker(const Geometry& geometry, uint8_t zero_point, const uint16_t* order)
    : geometry_(geometry), zero_point_(zero_point) {
    const Geometry& g = geometry;
    const bool plain = g.taps() == 1 && g.stride_h == 1 && g.stride_w == 1 && !g.padded();
    if (plain) {
        row_positions_ = plane_bytes_ = g.plane();
        source_bytes_ = g.batch * g.channels * g.plane();
    } else {
        const int64_t reach_h = g.dilation_h * (g.kernel_h - 1), reach_w = g.dilation_w * (g.kernel_w - 1);
        row_positions_ = g.out_w;
        phases_ = g.kernel_w == 1 ? 1 : g.stride_w;
        phase_bytes_ = g.out_w + reach_w / g.stride_w;
        row_bytes_ = phases_ * phase_bytes_;
        row_step_ = g.kernel_h == 1 ? g.stride_h : 1;
        padded_rows_ = (g.out_h - 1) * (g.stride_h / row_step_) + reach_h + 1;
        plane_bytes_ = padded_rows_ * row_bytes_;
        padded_bytes_ = (size_t(g.batch * g.channels * plane_bytes_) + behind + 63) / 64 * 64;
        source_bytes_ = int64_t(padded_bytes_);
    }
    for (int64_t k = 0; k < g.channels * g.taps(); ++k) {
        const int64_t column = order ? order[k] : k, tap = column % g.taps();
        const int64_t right = tap % g.kernel_w * g.dilation_w;
        places_.push_back(column / g.taps() * plane_bytes_ + tap / g.kernel_w * g.dilation_h * row_bytes_ +
                          right % g.stride_w * phase_bytes_ + right / g.stride_w);
        largest_place_ = std::max(largest_place_, places_.back());
    }
}

void BytePanelPacker::pad(const uint8_t* x, int64_t plane, int8_t* padded) const {
    const Geometry& g = geometry_;
    int8_t* const to = padded + plane * plane_bytes_;
    std::fill_n(to, plane_bytes_, int8_t(zero_point_ ^ 128));
    const int64_t above = (g.pad_h + row_step_ - 1) / row_step_;  // rows of the copy above the image
    const int64_t first = above * row_step_ - g.pad_h;            // row of the image in the next one
    const int64_t inside = std::max<int64_t>(0, (g.height - first + row_step_ - 1) / row_step_);
    PhaseRows image;
    image.from = x + plane * g.plane() + first * g.width, image.width = g.width;
    image.rows = std::max<int64_t>(0, std::min(inside, padded_rows_ - above)), image.from_bytes = row_step_ * g.width;
    image.stride = g.stride_w, image.pad = g.pad_w, image.phases = phases_;
    image.to = to + above * row_bytes_, image.row_bytes = row_bytes_, image.phase_bytes = phase_bytes_;
    centre_phases(image);
}

size_t BytePanelPacker::panel_bytes(const IntegerTile& tile, size_t columns) {
    const size_t quads = (columns + quad - 1) / quad * quad;
    const size_t stride = size_t(tile.form == Form::zipped ? zipped_stride(tile.vectors) : tile.width());
    return (tile.form == Form::zipped ? columns : quads) * stride + behind;
}

BytePanelPacker::Runs BytePanelPacker::runs_of(int64_t first, int count) const {
    const int64_t plane = geometry_.out_plane();
    int64_t image = first / plane, row = first % plane / row_positions_, column = first % plane % row_positions_;
    Runs runs;
    for (int p = 0; p < count;) {
        const int some = int(std::min<int64_t>(count - p, row_positions_ - column));
        const int64_t at =
            image * geometry_.channels * plane_bytes_ + row * (geometry_.stride_h / row_step_) * row_bytes_ + column;
        runs.run[runs.count++] = {p, some, at};
        p += some, column = 0;
        if (++row * row_positions_ == plane) row = 0, ++image;
    }
    return runs;
}

// How many columns, from the first on, are one run of positions of which `count` bytes can be read.
size_t BytePanelPacker::plain_columns(const Runs& runs, int64_t count) const {
    if (runs.count != 1) return 0;
    const int64_t last = source_bytes_ - runs.run[0].offset - count;
    if (largest_place_ <= last) return places_.size();
    const auto beyond = [&](int64_t place) { return place > last; };
    return size_t(std::find_if(places_.begin(), places_.end(), beyond) - places_.begin());
}

// Columns `begin` .. `end` - 1, each as rows of Count vectors, `stride` bytes apart. Of padded copies whole vectors can
// be read from any position on.
template <int Count>
void BytePanelPacker::fill_rows(const uint8_t* from, const Runs& runs, size_t begin, size_t end, size_t stride,
                                int8_t* to) const {
    const int64_t* const places = places_.data();
    if (padded_bytes_ == 0) {
        for (size_t k = begin; k < end; ++k, to += stride) {
            for (int r = 0; r < runs.count; ++r)
                move_bytes(from + places[k] + runs.run[r].offset, runs.run[r].count, to + runs.run[r].begin);
        }
        return;
    }
    const auto copy = [&](auto most) UBP_LAMBDA {  // of few runs: their places stay in registers
        const int count = most == most_positions ? runs.count : int(most);
        int64_t offsets[most], begins[most];
        for (int r = 0; r < count; ++r) offsets[r] = runs.run[r].offset, begins[r] = runs.run[r].begin;
        for (size_t k = begin; k < end; ++k, to += stride) {  // whole vectors: the next run, or column, corrects them
            const uint8_t* const column = from + places[k];
            for (int r = 0; r < count; ++r) copy_vectors<Count>(column + offsets[r], vdupq_n_u8(0), to + begins[r]);
        }
    };
    switch (runs.count) {
        case 1: return copy(Index<1>{});
        case 2: return copy(Index<2>{});
        case 3: return copy(Index<3>{});
        case 4: return copy(Index<4>{});
        default: return copy(Index<most_positions>{});
    }
}

template <int Count>
void BytePanelPacker::pack_columns(const uint8_t* from, const Runs& runs, size_t stride, int8_t* panel) const {
    const size_t columns = places_.size(), plain = plain_columns(runs, one * Count);
    const uint8x16_t flip = vdupq_n_u8(padded_bytes_ != 0 ? 0 : 128);
    const uint8_t* const first = from + runs.run[0].offset;
    const int64_t* const places = places_.data();
    for (size_t k = 0; k < plain; ++k, panel += stride) copy_vectors<Count>(first + places[k], flip, panel);
    fill_rows<Count>(from, runs, plain, columns, stride, panel);
}

template <int V>
void BytePanelPacker::pack_quads(const uint8_t* from, const Runs& runs, int8_t* panel) const {
    constexpr int count = whole_vectors(4 * V);
    const size_t columns = places_.size(), plain = plain_columns(runs, one * count) / quad * quad;
    const uint8x16_t flip = vdupq_n_u8(padded_bytes_ != 0 ? 0 : 128);
    const uint8_t* const first = from + runs.run[0].offset;
    const int64_t* place = places_.data();
    uint8_t* to = reinterpret_cast<uint8_t*>(panel);
    size_t k = 0;
    for (; k < plain; k += quad, place += quad, to += one * V) {
        const auto load = [&](uint32_t i, auto part)
                              UBP_LAMBDA { return load_moved<one * part>(first + place[i], flip); };
        interleave_rows<V>(load, to);
    }
    int8_t copies[quad][room] = {};
    const auto load_copy = [&](uint32_t i, auto part)
                               UBP_LAMBDA { return vreinterpretq_u8_s8(vld1q_s8(copies[i] + one * part)); };
    for (; k < columns; k += quad, to += one * V) {
        fill_rows<count>(from, runs, k, std::min<size_t>(columns, k + quad), room, copies[0]);
        interleave_rows<V>(load_copy, to);
    }
}

void BytePanelPacker::pack(const IntegerTile& tile, const void* source, int64_t first, int count, int8_t* panel) const {
    const uint8_t* const from = static_cast<const uint8_t*>(source);
    const Runs runs = runs_of(first, count);
    if (tile.form == Form::zipped) {
        const size_t stride = size_t(zipped_stride(tile.vectors));
        if (whole_vectors(tile.width()) == 1) pack_columns<1>(from, runs, stride, panel);
        else pack_columns<2>(from, runs, stride, panel);
        return;
    }
    with_vectors(tile.vectors, [&](auto v) UBP_LAMBDA { pack_quads<v>(from, runs, panel); });
}

}  // namespace ubp
