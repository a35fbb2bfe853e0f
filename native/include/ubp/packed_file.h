// The packed file (.ubp): checks untrusted bytes and gives out views of the layers in them. Specification:
// docs/format.md. Opens no file and copies no array; the caller keeps the bytes (usually a map) alive and unchanged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ubp/graph.h"
#include "ubp/layer.h"

namespace ubp {

/// Why a file is refused: one line that starts with the field, or "" where nothing is wrong.
struct FileError {
    char text[192] = "";
};

/// One layer of a packed file.
struct FileLayer {
    LayerView view;
    std::string_view name;       ///< UTF-8 without control characters, not empty, unique in the file
    std::string_view method;     ///< how blocks were selected; "dense" where nothing was
    std::string_view criterion;  ///< importance that the selection saw; empty where unknown
    double sparsity;             ///< as requested, 0..1
    double retained;             ///< share of the importance that was kept, 0..1
    uint32_t image_h, image_w;   ///< input image in the model, 0 where unknown: a default for benchmarks, no limit
    bool aligned;                ///< sparse, and blocks begin only at multiples of the block size
    bool linear;                 ///< a fully connected layer
};

class PackedFile {
public:
    /// Checks every byte. What is accepted is safe to run: every pointer, index and count in the views is within the
    /// data.
    /// @param data  first byte, at a multiple of 4 (a map is)
    /// @return false where a rule is broken; `error` then holds the line, and the object is empty
    bool open(const void* data, size_t size, FileError& error);

    const std::vector<FileLayer>& layers() const { return layers_; }
    /// How the layers are joined, where the file is a network; else null.
    const Graph* graph() const { return graph_ ? &*graph_ : nullptr; }
    std::string_view tool() const { return tool_; }
    std::string_view model() const { return model_; }
    std::string_view source() const { return source_; }

private:
    bool read(const uint8_t* data, size_t size, FileError& error);

    std::vector<FileLayer> layers_;
    std::optional<Graph> graph_;
    std::string_view tool_, model_, source_;
};

}  // namespace ubp
