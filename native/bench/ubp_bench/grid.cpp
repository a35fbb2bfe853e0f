#include "grid.h"

#include <algorithm>

namespace ubp::bench {
namespace {

/// Above this, input or output of one run are refused: a file can ask for more memory than any phone has.
constexpr int64_t kLargestArray = int64_t{1} << 28;

int64_t out_side(int64_t in, int64_t kernel, int64_t stride, int64_t pad, int64_t extra, int64_t dilation) {
    const int64_t spread = in + 2 * pad + extra - dilation * (kernel - 1) - 1;
    return spread < 0 ? 0 : spread / stride + 1;
}

Shape shape_of(const Case& one, const Options& options) {
    const LayerView& v = one.layer->view;
    const std::string where = one.file->path() + ": " + std::string(one.layer->name) + ": ";
    Shape shape{options.batch, options.height, options.width, 0, 0};
    if (shape.height == 0) shape.height = one.layer->image_h, shape.width = one.layer->image_w;
    if (shape.height == 0) throw BadInput(where + "the file names no image; give --input HxW");
    shape.out_height = out_side(shape.height, v.kernel_h, v.stride_h, v.pad_h, v.extra_h, v.dilation_h);
    shape.out_width = out_side(shape.width, v.kernel_w, v.stride_w, v.pad_w, v.extra_w, v.dilation_w);
    const double inputs = double(shape.batch) * double(input_channels(v)) * double(shape.plane());
    const double outputs = double(shape.batch) * v.rows * double(shape.out_height) * double(shape.out_width);
    if (inputs > double(kLargestArray) || outputs > double(kLargestArray))
        throw BadInput(where + "input or output above 2^28 values; choose a smaller --input or --batch");
    return shape;
}

bool is_wanted(const Options& options, std::string_view name) {
    return options.layers.empty() ||
           std::find(options.layers.begin(), options.layers.end(), name) != options.layers.end();
}

void add_case(std::vector<Group>& groups, const Case& one) {
    for (Group& group : groups)
        if (group.front().layer->name == one.layer->name) return group.push_back(one);
    groups.push_back({one});
}

}  // namespace

std::vector<Group> make_groups(const std::vector<std::unique_ptr<MappedFile>>& files, const Options& options) {
    std::vector<Group> groups;
    for (const auto& file : files) {
        if (file->contents().graph() && options.layers.empty()) continue;  // runs as a network
        for (const FileLayer& layer : file->contents().layers()) {
            if (!is_wanted(options, layer.name)) continue;
            Case one{file.get(), &layer, {}};
            one.shape = shape_of(one, options);
            add_case(groups, one);
        }
    }
    for (const std::string& name : options.layers) {
        const auto has = [&](const Group& group) { return group.front().layer->name == name; };
        if (std::none_of(groups.begin(), groups.end(), has))
            throw BadInput("--layer: no file has a layer '" + name + "'");
    }
    return groups;
}

std::vector<float> make_input(const Case& one, uint64_t seed) {
    return random_input(size_t(one.shape.batch * input_channels(one.layer->view) * one.shape.plane()), seed);
}

std::vector<float> random_input(size_t count, uint64_t seed) {
    std::vector<float> x(count);
    uint64_t state = seed;
    for (float& value : x) {  // splitmix64: one line, and the same everywhere
        uint64_t z = state += 0x9E3779B97F4A7C15u;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        value = float(int64_t((z ^ (z >> 31)) >> 40) - (1 << 23)) / float(1 << 23);
    }
    return x;
}

}  // namespace ubp::bench
