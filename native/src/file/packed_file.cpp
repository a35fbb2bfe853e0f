#include "ubp/packed_file.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "file/graph_reader.h"
#include "file/layer_arrays.h"
#include "file/layer_record.h"
#include "file/refuse.h"
#include "file/section_table.h"
#include "file/texts.h"

namespace ubp {
namespace {

using namespace file;

/// Takes one of a layer's texts.
bool take_text(TextReader& texts, TextRef ref, uint32_t layer, const char* label, std::string_view& text,
               FileError& error) {
    char field[48];
    std::snprintf(field, sizeof field, "layers[%u].%s", layer, label);
    return texts.take(ref, field, text, error);
}

bool take_texts(TextReader& texts, const LayerRecord& record, uint32_t index, FileLayer& layer, FileError& error) {
    if (!take_text(texts, record.name, index, "name", layer.name, error) ||
        !take_text(texts, record.method, index, "method", layer.method, error) ||
        !take_text(texts, record.criterion, index, "criterion", layer.criterion, error))
        return false;
    return !layer.name.empty() || refuse(error, "layers[%u].name_size: the name is empty", index);
}

void copy_record(const LayerRecord& r, FileLayer& layer) {
    LayerView& v = layer.view;
    v = {};
    v.rows = r.rows, v.columns = r.columns, v.block_size = r.block_size, v.block_count = r.block_count;
    v.in_channels = r.in_channels, v.kernel_h = r.kernel_h, v.kernel_w = r.kernel_w;
    v.stride_h = r.stride_h, v.stride_w = r.stride_w, v.pad_h = r.pad_h, v.pad_w = r.pad_w;
    v.dilation_h = r.dilation_h, v.dilation_w = r.dilation_w;
    v.extra_h = r.extra_h, v.extra_w = r.extra_w, v.groups = r.groups;
    v.activation = static_cast<Activation>(r.activation);
    v.dtype = DType(r.dtype), v.wide_sums = r.accumulate == 1, v.block_columns = r.block_columns;
    layer.sparsity = r.sparsity, layer.retained = r.retained;
    layer.image_h = r.image_h, layer.image_w = r.image_w;
    layer.aligned = (r.flags & kFlagAligned) != 0;
    layer.linear = r.rank == 2;
}

/// Refuses a name that an earlier layer has; sorts indices, so that thousands of layers are no trouble.
bool check_names(const std::vector<FileLayer>& layers, FileError& error) {
    std::vector<uint32_t> order(layers.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
        const int compared = layers[a].name.compare(layers[b].name);
        return compared < 0 || (compared == 0 && a < b);
    });
    uint32_t repeated = kNoLayer;
    for (size_t i = 1; i < order.size(); ++i)
        if (layers[order[i]].name == layers[order[i - 1]].name) repeated = std::min(repeated, order[i]);
    return repeated == kNoLayer || refuse(error, "layers[%u].name: an earlier layer has it", repeated);
}

}  // namespace

bool PackedFile::open(const void* data, size_t size, FileError& error) {
    error.text[0] = '\0';
    *this = PackedFile();
    if (reinterpret_cast<uintptr_t>(data) % alignof(float) != 0)
        return refuse(error, "data: must begin at a multiple of 4");
    if (read(static_cast<const uint8_t*>(data), size, error)) return true;
    *this = PackedFile();
    return false;
}

bool PackedFile::read(const uint8_t* data, size_t size, FileError& error) {
    const Bytes bytes{data, size};
    Header header;
    if (!read_header(bytes, header, error) || !check_table(bytes, header, error)) return false;
    const Section text_section = section_at(bytes, 0), record_section = section_at(bytes, 1);
    if (record_section.size != uint64_t{header.layer_count} * sizeof(LayerRecord))
        return refuse(error, "sections[1].size: not %zu bytes for each layer", sizeof(LayerRecord));
    TextReader texts(data + text_section.offset, text_section.size);
    if (!texts.take(header.tool, "tool", tool_, error) || !texts.take(header.model, "model", model_, error) ||
        !texts.take(header.source, "source", source_, error))
        return false;
    layers_.resize(header.layer_count);  // the file holds a record for each
    uint32_t section = 2;
    for (uint32_t index = 0; index < header.layer_count; ++index) {
        const auto record =
            load_record<LayerRecord>(data + record_section.offset + size_t{index} * sizeof(LayerRecord));
        FileLayer& layer = layers_[index];
        if (!take_texts(texts, record, index, layer, error)) return false;
        if (record.first_section != section)
            return refuse(error, "layers[%u].first_section: is not %u", index, section);
        if (!check_record(record, index, error)) return false;
        copy_record(record, layer);
        if (!view_arrays(bytes, header.section_count, record, index, section, layer.view, error) ||
            !check_arrays(layer.view, record.flags, index, error))
            return false;
    }
    const uint32_t graph_begin = header.section_count - graph_sections(header);
    if (section != graph_begin)
        return refuse(error, "section_count: leaves %u to the layers, they have %u", graph_begin, section);
    if (graph_begin < header.section_count) {
        graph_.emplace();
        if (!read_graph(bytes, graph_begin, layers_, texts, *graph_, error)) return false;
    }
    return texts.finish(error) && check_names(layers_, error);
}

}  // namespace ubp
