// The section of texts: taken one after the other, in the order the format asks for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "file/format.h"
#include "ubp/packed_file.h"

namespace ubp::file {

class TextReader {
public:
    TextReader(const uint8_t* data, size_t size) : data_(data), size_(size) {}

    /// The next text; it must stand right behind the one before. `field` names it in an error.
    bool take(TextRef ref, const char* field, std::string_view& text, FileError& error);

    /// Refuses bytes that belong to no text.
    bool finish(FileError& error) const;

private:
    const uint8_t* data_;
    size_t size_;
    size_t position_ = 0;
};

}  // namespace ubp::file
