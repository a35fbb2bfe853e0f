#include "operator/integers/quad_places.h"

#include <algorithm>

namespace ubp {
namespace {

// Two rows whose quads have a free place each: a block of the row between is cut at the end of the first one's window.
struct Pair {
    uint32_t before = 0, behind = 0;
    uint32_t waste = ~0u;  // free places in both; ~0: there are no such rows
};

class Spreader {
public:
    Spreader(QuadPlaces& places, uint32_t block_size) : places_(places), block_size_(block_size) {}

    // Rows with few blocks too many first: that takes the fewest places for a quad less.
    void run() {
        for (uint32_t over = 1; over < quad; ++over) {
            for (uint32_t row = 0; row < places_.size(); ++row) {
                if (places_[row].size() % quad == over) clear(row, over);
            }
        }
    }

private:
    uint32_t free_places(uint32_t row) const { return uint32_t(-places_[row].size() % quad); }
    bool is_whole(const BlockPart& part) const { return part.end - part.begin == block_size_; }

    // The pair that is fullest already, so that others remain nearly empty and may be cleared in their turn.
    Pair find_pair(uint32_t row) const {
        Pair best;
        for (uint32_t before = row - std::min(row, block_size_ - 1); before < row; ++before) {
            const uint32_t end = std::min(before + block_size_ + 1, uint32_t(places_.size()));
            for (uint32_t behind = row + 1; behind < end; ++behind) {
                const uint32_t one = free_places(before), other = free_places(behind);
                if (one != 0 && other != 0 && one + other < best.waste) best = {before, behind, one + other};
            }
        }
        return best;
    }

    // Moves the last `over` blocks of a row elsewhere: all of them, or none.
    void clear(uint32_t row, uint32_t over) {
        std::vector<BlockPart>& own = places_[row];
        if (!std::all_of(own.end() - over, own.end(), [&](const BlockPart& part) { return is_whole(part); })) return;
        std::vector<BlockPart> moved(own.end() - over, own.end());
        own.resize(own.size() - over);
        std::vector<Pair> pairs;
        for (const BlockPart& part : moved) {
            const Pair pair = find_pair(row);
            if (pair.waste == ~0u) break;
            const uint32_t cut = pair.before + block_size_;
            places_[pair.before].push_back({part.block, part.begin, cut});
            places_[pair.behind].push_back({part.block, cut, part.end});
            pairs.push_back(pair);
        }
        if (pairs.size() == over) return;
        for (const Pair& pair : pairs) places_[pair.before].pop_back(), places_[pair.behind].pop_back();
        own.insert(own.end(), moved.begin(), moved.end());
    }

    QuadPlaces& places_;
    uint32_t block_size_;
};

}  // namespace

QuadPlaces place_blocks(const IntegerLayer& layer, uint32_t groups, bool aligned) {
    const uint32_t n = layer.block_size, step = aligned ? n : 1;
    QuadPlaces places(size_t{groups} * (n / step));
    for (uint32_t r = 0; r < layer.start_rows(); ++r) {
        for (uint32_t b = layer.row_begin[r]; b < layer.row_begin[r + 1]; ++b)
            places[r / step].push_back({b, r, r + n});
    }
    if (layer.form() == Form::zipped && !aligned) Spreader(places, n).run();
    return places;
}

}  // namespace ubp
