#include "file/graph_shapes.h"

#include "file/refuse.h"

namespace ubp::file {
namespace {

using ull = unsigned long long;

/// One node whose operands are judged; remembers what an error must name.
struct NodeShapes {
    const Graph& graph;
    const GraphNode& node;
    uint32_t index;
    FileError& error;

    ImageShape operand(uint32_t number) const { return shape_of(graph.operand(node, number)); }
    bool refuse_operand(uint32_t number, const char* reason) const {
        return refuse(error, "operands[%u]: %s", node.operand_begin + number, reason);
    }
    bool refuse_number(const char* label, char axis, const char* reason) const {
        return refuse(error, "nodes[%u].%s_%c: %s", index, label, axis, reason);
    }

    bool layer(const FileLayer& layer, ImageShape& result) const {
        const LayerView& v = layer.view;
        const ImageShape in = operand(0);
        const uint64_t channels = uint64_t{v.groups} * v.in_channels;
        if (in.channels != channels)
            return refuse(error, "operands[%u]: has %llu channels, the layer takes %llu", node.operand_begin,
                          ull(in.channels), ull(channels));
        if (layer.linear && (in.height != 1 || in.width != 1))
            return refuse_operand(0, "is an image, the layer is linear");
        const uint64_t height = in.height + 2 * uint64_t{v.pad_h} + v.extra_h,
                       width = in.width + 2 * uint64_t{v.pad_w} + v.extra_w;
        const uint64_t reach_h = uint64_t{v.dilation_h} * (v.kernel_h - 1) + 1,
                       reach_w = uint64_t{v.dilation_w} * (v.kernel_w - 1) + 1;
        if (height < reach_h || width < reach_w) return refuse_operand(0, "is smaller than the layer's kernel");
        result = {v.rows, (height - reach_h) / v.stride_h + 1, (width - reach_w) / v.stride_w + 1};
        if (node.operand_count > 1 && !(operand(1) == result))
            return refuse_operand(1, "has not the shape of the layer's result");
        return true;
    }

    bool pool(ImageShape& result) const {
        const GraphWindow& w = node.window;
        const ImageShape in = operand(0);
        if (w.pad_h >= w.kernel_h) return refuse_number("pad", 'h', "is not below the window's side");
        if (w.pad_w >= w.kernel_w) return refuse_number("pad", 'w', "is not below the window's side");
        const uint64_t height = in.height + 2 * uint64_t{w.pad_h} + w.extra_h,
                       width = in.width + 2 * uint64_t{w.pad_w} + w.extra_w;
        if (w.kernel_h > height) return refuse_number("kernel", 'h', "is larger than the padded image");
        if (w.kernel_w > width) return refuse_number("kernel", 'w', "is larger than the padded image");
        result = {in.channels, (height - w.kernel_h) / w.stride_h + 1, (width - w.kernel_w) / w.stride_w + 1};
        if ((result.height - 1) * w.stride_h >= in.height + w.pad_h)
            return refuse_number("extra", 'h', "puts the last window behind the image");
        if ((result.width - 1) * w.stride_w >= in.width + w.pad_w)
            return refuse_number("extra", 'w', "puts the last window behind the image");
        return true;
    }

    bool binary(ImageShape& result) const {
        result = operand(0);
        const ImageShape second = operand(1);
        return second == result || second == ImageShape{result.channels, 1, 1} ||
               refuse_operand(1, "has neither the shape of the first, nor its channels alone");
    }

    bool concat(ImageShape& result) const {
        result = operand(0);
        for (uint32_t i = 1; i < node.operand_count; ++i) {
            const ImageShape next = operand(i);
            if (next.height != result.height || next.width != result.width)
                return refuse_operand(i, "has not the height and width of the first");
            result.channels += next.channels;
        }
        return true;
    }
};

}  // namespace

bool node_result(const Graph& graph, uint32_t index, const std::vector<FileLayer>& layers, ImageShape& result,
                 FileError& error) {
    const GraphNode& node = graph.nodes[index];
    const NodeShapes shapes{graph, node, index, error};
    const ImageShape first = shapes.operand(0);
    result = first;
    switch (node.op) {
        case Op::layer: return shapes.layer(layers[node.layer], result);
        case Op::max_pool:
        case Op::average_pool: return shapes.pool(result);
        case Op::add:
        case Op::multiply: return shapes.binary(result);
        case Op::flatten: result = {first.channels * first.height * first.width, 1, 1}; return true;
        case Op::concat: return shapes.concat(result);
        case Op::softmax:
            return (first.height == 1 && first.width == 1) ||
                   shapes.refuse_operand(0, "is an image, softmax takes vectors");
        case Op::activation:
        case Op::convert: return true;
    }
    return true;
}

}  // namespace ubp::file
