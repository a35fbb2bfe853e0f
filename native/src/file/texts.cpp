#include "file/texts.h"

#include "file/refuse.h"

namespace ubp::file {
namespace {

constexpr uint32_t kInvalid = 0xFFFFFFFF;

/// Decodes one code point and moves `at` behind it; kInvalid where the bytes are not shortest-form UTF-8 of a scalar
/// value.
uint32_t next_code_point(const uint8_t*& at, const uint8_t* end) {
    const uint8_t first = *at++;
    if (first < 0x80) return first;
    const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    if (first < 0xC2 || first > 0xF4 || end - at < more) return kInvalid;
    uint32_t value = first & (0x3F >> more);
    for (int i = 0; i < more; ++i, ++at) {
        if ((*at & 0xC0) != 0x80) return kInvalid;
        value = (value << 6) | (*at & 0x3F);
    }
    const uint32_t least = more == 3 ? 0x10000 : more == 2 ? 0x800 : 0x80;
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    return value < least || value > 0x10FFFF || surrogate ? kInvalid : value;
}

bool is_control(uint32_t code) { return code < 0x20 || (code >= 0x7F && code <= 0x9F); }

/// Two passes, so that a text with both faults is refused for the same one by every reader.
bool check_text(const uint8_t* begin, const uint8_t* end, const char* field, FileError& error) {
    for (const uint8_t* at = begin; at < end;)
        if (next_code_point(at, end) == kInvalid) return refuse(error, "%s: is not UTF-8", field);
    for (const uint8_t* at = begin; at < end;)
        if (is_control(next_code_point(at, end))) return refuse(error, "%s: holds a control character", field);
    return true;
}

}  // namespace

bool TextReader::take(TextRef ref, const char* field, std::string_view& text, FileError& error) {
    if (ref.offset != position_)
        return refuse(error, "%s_offset: is %u, the text must stand at %zu", field, ref.offset, position_);
    if (ref.size > kMaxText) return refuse(error, "%s_size: %u bytes are more than %u", field, ref.size, kMaxText);
    if (ref.size > size_ - position_) return refuse(error, "%s_size: %u bytes reach beyond the texts", field, ref.size);
    const uint8_t* begin = data_ + position_;
    position_ += ref.size;
    text = {reinterpret_cast<const char*>(begin), ref.size};
    return check_text(begin, begin + ref.size, field, error);
}

bool TextReader::finish(FileError& error) const {
    if (position_ != size_) return refuse(error, "sections[0].size: %zu bytes belong to no text", size_ - position_);
    return true;
}

}  // namespace ubp::file
