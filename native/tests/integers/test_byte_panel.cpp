// Compares panels of bytes with plain loops, over a grid of images, kernels and tiles. Part of test_integers.

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "byte_helpers.h"
#include "packing/byte_panel.h"

namespace ubp {
namespace {

struct Panel {
    Geometry geometry;
    std::vector<uint8_t> x;
    std::vector<uint16_t> order;  // empty: as they are
    uint8_t zero_point = 0;
};

std::string text_of(const Geometry& g, const IntegerTile& tile, int64_t first, int count) {
    std::string text = "form=" + std::to_string(int(tile.form));
    for (int64_t value : {g.batch, g.channels, g.height, g.width, g.kernel_h, g.kernel_w, g.stride_h, g.pad_h,
                          g.dilation_h, int64_t{tile.vectors}, first, int64_t{count}}) {
        text += " " + std::to_string(value);
    }
    return text;
}

// What a window sees in one column.
int8_t seen(const Panel& p, size_t column, int64_t position) {
    const Geometry& g = p.geometry;
    const int64_t c = int64_t(column) / g.taps(), tap = int64_t(column) % g.taps(), image = position / g.out_plane();
    const int64_t within = position % g.out_plane();
    const int64_t row = within / g.out_w * g.stride_h - g.pad_h + tap / g.kernel_w * g.dilation_h;
    const int64_t at = within % g.out_w * g.stride_w - g.pad_w + tap % g.kernel_w * g.dilation_w;
    const bool inside = row >= 0 && row < g.height && at >= 0 && at < g.width;
    const size_t place = size_t(((image * g.channels + c) * g.height + row) * g.width + at);
    return int8_t(int(inside ? p.x[place] : p.zero_point) - 128);
}

void check_tile(const Panel& p, const IntegerTile& tile, int64_t first, int count) {
    const size_t columns = size_t(p.geometry.channels * p.geometry.taps()), width = size_t(tile.width());
    const size_t stride = size_t(zipped_stride(tile.vectors));
    const size_t size = BytePanelPacker::panel_bytes(tile, columns);
    constexpr size_t guard = 64;
    std::vector<int8_t> memory(size + 2 * guard, int8_t(91));
    int8_t* const panel = memory.data() + guard;
    const BytePanelPacker packer(p.geometry, p.zero_point, p.order.empty() ? nullptr : p.order.data());
    GuardedArray<int8_t> padded(packer.padded_bytes(), 91.0f);
    for (int64_t plane = 0; padded.size() > 0 && plane < p.geometry.batch * p.geometry.channels; ++plane)
        packer.pad(p.x.data(), plane, padded.data());
    if (!padded.intact()) fail(text_of(p.geometry, tile, first, count), "wrote outside of the padded copy");
    const void* const from = padded.size() > 0 ? static_cast<const void*>(padded.data()) : p.x.data();
    packer.pack(tile, from, first, count, panel);
    const auto kept = [](int8_t byte) { return byte == 91; };
    if (!std::all_of(memory.begin(), memory.begin() + guard, kept) ||
        !std::all_of(memory.end() - guard, memory.end(), kept)) {
        return fail(text_of(p.geometry, tile, first, count), "wrote outside of the panel");
    }
    for (size_t k = 0; k < columns; ++k) {
        const size_t column = tile.form == Form::zipped || p.order.empty() ? k : p.order[k];
        for (size_t i = 0; i < size_t(count); ++i) {
            const size_t place = tile.form == Form::zipped ? k * stride + i : (k / quad * width + i) * quad + k % quad;
            if (panel[place] == seen(p, column, first + int64_t(i))) continue;
            return fail(text_of(p.geometry, tile, first, count),
                        "column " + std::to_string(k) + " position " + std::to_string(i));
        }
    }
}

// All tiles of one width, the last one ragged.
void check_image(Panel p, Form form) {
    Geometry& g = p.geometry;
    const int64_t free_h = g.height + 2 * g.pad_h - g.dilation_h * (g.kernel_h - 1) - 1;
    const int64_t free_w = g.width + 2 * g.pad_w - g.dilation_w * (g.kernel_w - 1) - 1;
    if (free_h < 0 || free_w < 0) return;
    g.out_h = free_h / g.stride_h + 1, g.out_w = free_w / g.stride_w + 1;
    std::mt19937 random(seed);
    p.x.resize(size_t(g.input_floats()));
    for (uint8_t& byte : p.x) byte = uint8_t(random() >> 24);
    p.zero_point = uint8_t(random() >> 24);
    for (int vectors : {1, 2, 3, 4, 6, 8}) {
        const IntegerTile tile{form, 4, vectors, {}, {}};
        for (int64_t first = 0; first < g.positions(); first += tile.width())
            check_tile(p, tile, first, int(std::min<int64_t>(tile.width(), g.positions() - first)));
    }
}

void check_images(Form form) {
    const int64_t images[][3] = {{1, 1, 1}, {1, 7, 7}, {2, 5, 9}, {1, 14, 14}, {3, 4, 3}, {1, 3, 57}};
    const int64_t kernels[][4] = {{1, 1, 0, 1}, {1, 2, 0, 1}, {3, 1, 1, 1}, {3, 2, 1, 1}, {5, 1, 2, 1}, {3, 1, 2, 2}};
    for (const auto& image : images) {
        for (const auto& kernel : kernels) {
            for (int64_t channels : {1, 4, 7}) {
                Panel p;
                Geometry& g = p.geometry;
                g.batch = image[0], g.height = image[1], g.width = image[2], g.channels = channels;
                g.kernel_h = g.kernel_w = kernel[0], g.stride_h = g.stride_w = kernel[1];
                g.pad_h = g.pad_w = kernel[2], g.dilation_h = g.dilation_w = kernel[3];
                check_image(p, form);
            }
        }
    }
}

// Columns in another order, where they form groups.
void check_order() {
    Panel p;
    Geometry& g = p.geometry;
    g.height = g.width = 6, g.channels = 5, g.kernel_h = g.kernel_w = 3, g.pad_h = g.pad_w = 1;
    for (uint16_t k = 0; k < 45; ++k) p.order.push_back(k);
    std::shuffle(p.order.begin(), p.order.end(), std::mt19937(seed));
    check_image(p, Form::grouped);
}

}  // namespace

void add_byte_panel_cases(std::vector<Case>& cases) {
    cases.push_back({"panel_zipped", [] { check_images(Form::zipped); }});
    cases.push_back({"panel_quads", [] { check_images(Form::grouped); }});
    cases.push_back({"panel_order", check_order});
}

}  // namespace ubp
