// The fixed records of a packed file, as docs/format.md lays them out. Host byte order must be little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ubp/graph.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "packed files are read in place: the machine must be little-endian"
#endif

namespace ubp::file {

constexpr uint8_t kMagic[8] = {0x89, 'U', 'B', 'P', '\r', '\n', 0x1a, '\n'};
constexpr uint32_t kVersion = 4;
constexpr uint64_t kAlignment = 64;
constexpr uint32_t kNoLayer = 0xFFFFFFFF;
constexpr uint32_t kNoTable = 0xFFFFFFFF;
constexpr uint32_t kMaxRows = 1u << 24;
constexpr uint32_t kMaxColumns = 1u << 16;
constexpr uint32_t kColumnsBehind = 2;  // zeros behind the last block's column: kernels read ahead
constexpr uint32_t kMaxStep = 65535;
constexpr uint32_t kMaxText = 4096;
constexpr uint32_t kFlagGraph = 1;    // of the header
constexpr uint32_t kFlagAligned = 1;  // of a layer
constexpr uint32_t kGraphSections = 5;
constexpr uint32_t kMaxChannels = 1u << 24;
constexpr uint32_t kMaxElements = 1u << 30;
constexpr uint64_t kMaxArena = uint64_t{1} << 32;
constexpr uint32_t kMaxPorts = 64;
constexpr uint32_t kMaxNodes = 4096;
constexpr uint32_t kMaxOperands = 1u << 16;
constexpr uint32_t kDtypeCount = 3;
constexpr uint32_t kActivationCount = 7;
constexpr uint32_t kGroupedColumns = 4;      // of a block, where it has more than one
constexpr float kSmallestScale = 0x1p-100f;  // of an int8 tensor
constexpr uint32_t kLargestByte = 255;       // also the largest zero point
constexpr int64_t kSumLimit = int64_t{1} << 31;
constexpr uint64_t kMaxMean = 1u << 23;  // elements of a window whose mean is taken in bytes
constexpr uint32_t kTableSize = 256;

enum SectionKind : uint32_t {
    kTexts = 1,
    kLayers = 2,
    kRowBegin = 3,
    kBlockColumn = 4,
    kWeights = 5,
    kBias = 6,
    kScales = 7,
    kColumnOrder = 8,
    kGraph = 16,
    kTensors = 17,
    kNodes = 18,
    kOperands = 19,
    kTables = 20
};

struct TextRef {
    uint32_t offset, size;
};

struct Header {
    uint8_t magic[8];
    uint32_t version, section_count;
    uint64_t file_size;
    uint32_t layer_count, flags;
    TextRef tool, model, source;
    uint32_t table_checksum, header_checksum;
};
static_assert(sizeof(Header) == 64, "docs/format.md");

struct Section {
    uint32_t kind, layer;
    uint64_t offset, size;
    uint32_t checksum, reserved;
};
static_assert(sizeof(Section) == 32, "docs/format.md");

struct LayerRecord {
    TextRef name, method, criterion;
    uint32_t dtype, flags, rank, rows, columns, block_size, block_count, in_channels, kernel_h, kernel_w;
    uint32_t stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, activation, first_section;
    double sparsity, retained;
    uint32_t groups, image_h, image_w;
    uint16_t extra_h, extra_w;
    uint32_t accumulate, block_columns, block_form, reserved[5];
};
static_assert(sizeof(LayerRecord) == 160, "docs/format.md");

struct GraphRecord {
    uint32_t input_count, output_count, node_count, operand_count;
    uint64_t arena_size, reserved;
};
static_assert(sizeof(GraphRecord) == 32, "docs/format.md");

struct TensorRecord {
    uint32_t rank, batch, channels, height, width, dtype;
    uint64_t offset;
    float scale;
    int32_t zero_point;
    uint64_t reserved;
};
static_assert(sizeof(TensorRecord) == 48, "docs/format.md");

struct NodeRecord {
    TextRef name;
    uint32_t op, operand_begin, operand_count, layer, activation, flags;
    GraphWindow window;
    uint32_t table;
    float before_scale;
    int32_t before_zero_point;
    uint32_t reserved;
};
static_assert(sizeof(NodeRecord) == 80, "docs/format.md");

/// Sections behind those of the layers: the graph's, where the file is a network.
constexpr uint32_t graph_sections(const Header& header) { return (header.flags & kFlagGraph) ? kGraphSections : 0; }

/// The next multiple of 64; `position` must be at most a file's size, which is far from overflow.
constexpr uint64_t align_up(uint64_t position) { return (position + kAlignment - 1) / kAlignment * kAlignment; }

/// As messages name it.
constexpr const char* dtype_name(DType dtype) {
    return dtype == DType::int8 ? "int8" : dtype == DType::fp16 ? "fp16" : "fp32";
}

/// Reads a record from bytes of any alignment.
template <typename Record>
Record load_record(const uint8_t* bytes) {
    Record record;
    std::memcpy(&record, bytes, sizeof record);
    return record;
}

}  // namespace ubp::file
