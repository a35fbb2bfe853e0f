// What a micro-kernel of integers is given: one walk over the start rows of an int8 layer, for one panel of inputs.
//
// The panel holds bytes less 128, as int8: their zero point is in the bias. Columns come in quads, whose four products
// are one step of the dot product. Forms: `zipped` gathers any four columns of one start row, from a panel [K][width];
// `grouped` and `dense` take neighbours, from a panel [ceil(K / 4)][width][4].
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/wros/walk.h"

namespace ubp {

enum class Form { dense, zipped, grouped };

// What becomes of a row's sums. `bounded`: bytes, where no input can bring a sum to 2^22 or a result to 2^15 steps, and
// `whole_magic` was added to the bias; `sums`: i32 as they are, for a pass of their own;
// `any`: bytes of sums of any size, which only dense kernels make themselves.
enum class Ending { bounded, sums, any };
constexpr int ending_count = 3;
constexpr size_t bytes_of_result(Ending ending) { return ending == Ending::sums ? sizeof(int32_t) : 1; }

// Columns of a quad.
constexpr uint32_t quad = 4;

// 1.5 * 2^23: added to a number below 2^22, its last bit counts ones, so that the sum is rounded to a whole number,
// half to even; its bits are then those of 1.5 * 2^23 plus that number.
constexpr float whole_float = 12582912.0f;
constexpr int32_t whole_magic = 0x4b400000;

// The constants of the bytes that are made, each filling a vector.
struct ByteLimits {
    int16_t zero_point[8];
    float whole[4];
    uint8_t low[16], high[16];

    explicit ByteLimits(int32_t zero = 0, int32_t lowest = 0, int32_t highest = 255) {
        for (int16_t& value : zero_point) value = int16_t(zero);
        for (uint8_t& value : low) value = uint8_t(lowest);
        for (uint8_t& value : high) value = uint8_t(highest);
        for (float& value : whole) value = whole_float;
    }
};
static_assert(sizeof(ByteLimits) == 64, "four vectors, the first two loaded together");

struct IntegerWalk {
    const int8_t* panel = nullptr;
    const uint32_t* counts = nullptr;   // quads per start row [groups * N]; aligned kernels: per group [groups]
    const uint16_t* columns = nullptr;  // zipped: 4 of each quad; grouped: each quad's number. 8 more can be read
    const int8_t* weights = nullptr;  // [quads][N][4], rotated; one quad more can be read. Dense: [groups][quads][8][4]
    const int32_t* bias = nullptr;    // of the first row, each 4 times; N more than the rows can be read
    const float* factors = nullptr;   // of the first row
    Span<uint8_t> spans[3];           // sums: out is i32, and the stride counts them
    uint32_t quads_total = 0;         // ceil(K / 4), dense only
    ByteLimits limits;
};

using IntegerFunction = void (*)(const IntegerWalk&);

// One tile width of one form and block size: 4 * vectors output positions per panel row.
struct IntegerTile {
    Form form = Form::dense;
    int block_size = 0;  // 0: dense, dense_rows at a time
    int vectors = 0;
    // Null: the set has no such kernel; where it has none for sums, it has no such tile.
    IntegerFunction walk[ending_count] = {};
    IntegerFunction aligned[ending_count] = {};  // the same for blocks on every N-th row only; dense: null

    int width() const { return 4 * vectors; }
};

// Columns of a zipped panel lie this far apart, so that whole vectors can be loaded.
constexpr int zipped_stride(int vectors) { return vectors <= 2 ? 4 * vectors : (vectors + 3) / 4 * 16; }

// All sets have the same tiles in the same order.
struct IntegerSet {
    const char* name = nullptr;
    const IntegerTile* tiles = nullptr;
    int tile_count = 0;
    bool complete = false;  // has kernels that make bytes, and those for aligned blocks
};

// With the dot product (ARM64 only), scheduled for wide and for in-order cores; and by widening multiplies, anywhere.
#if defined(__aarch64__)
const IntegerSet& i8dot_wros_wide();
const IntegerSet& i8dot_wros_inorder();
#endif
const IntegerSet& i8_wros_widening();

}  // namespace ubp
