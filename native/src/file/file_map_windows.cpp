// Files by CreateFile and MapViewOfFile.
#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <cstring>

#include "file/file_map.h"

namespace ubp::file {
namespace {

HANDLE handle_of(intptr_t handle) { return reinterpret_cast<HANDLE>(handle); }

// In the words of other systems, and not in the user's language: the line is UTF-8 and may be compared.
std::string text_of(DWORD code) {
    switch (code) {
        case ERROR_FILE_NOT_FOUND:
        case ERROR_PATH_NOT_FOUND: return "No such file or directory";
        case ERROR_ACCESS_DENIED: return "Permission denied";
        case ERROR_SHARING_VIOLATION: return "another program is writing it";
        case ERROR_NOT_ENOUGH_MEMORY:
        case ERROR_COMMITMENT_LIMIT: return "Cannot allocate memory";
        default: return "Windows error " + std::to_string(code);
    }
}

/// "" where the path is no UTF-8.
std::wstring wide(const char* path) {
    const int size = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, nullptr, 0);
    if (size <= 0) return {};
    std::wstring text(size_t(size), L'\0');
    MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, text.data(), size);
    text.pop_back();  // the terminating zero
    return text;
}

bool is_directory(const std::wstring& path) {
    const DWORD found = GetFileAttributesW(path.c_str());
    return found != INVALID_FILE_ATTRIBUTES && (found & FILE_ATTRIBUTE_DIRECTORY);
}

// From the file's begin, wherever others have read to.
bool read_begin(HANDLE file, char* to, DWORD size) {
    OVERLAPPED at{};
    DWORD read = 0;
    return ReadFile(file, to, size, &read, &at) || GetLastError() == ERROR_HANDLE_EOF;
}

struct Facts {
    uint64_t size = 0;
    int64_t seconds = 0, nanoseconds = 0;
};

bool look_at(HANDLE file, Facts& facts) {
    BY_HANDLE_FILE_INFORMATION found{};
    if (!GetFileInformationByHandle(file, &found)) return false;
    const auto joined = [](DWORD high, DWORD low) { return uint64_t{high} << 32 | low; };
    constexpr uint64_t kTicks = 10'000'000;  // a second
    const uint64_t changed = joined(found.ftLastWriteTime.dwHighDateTime, found.ftLastWriteTime.dwLowDateTime);
    facts = {joined(found.nFileSizeHigh, found.nFileSizeLow), int64_t(changed / kTicks), int64_t(changed % kTicks)};
    facts.nanoseconds *= 100;
    return true;
}

}  // namespace

FileMap::~FileMap() {
    if (address_) UnmapViewOfFile(address_);
    if (handle_ != kNoHandle) CloseHandle(handle_of(handle_));
}

// Nobody may write while it is open, so that nobody can cut off what is mapped.
bool FileMap::open(const char* path, std::string& reason) {
    const std::wstring name = wide(path);
    if (name.empty()) return reason = *path ? "the path is not UTF-8" : text_of(ERROR_PATH_NOT_FOUND), false;
    if (is_directory(name)) return reason = "not a regular file", false;
    const HANDLE file = CreateFileW(name.c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, nullptr,
                                    OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
    Facts facts;
    if (file == INVALID_HANDLE_VALUE) return reason = text_of(GetLastError()), false;
    handle_ = reinterpret_cast<intptr_t>(file);
    if (GetFileType(file) != FILE_TYPE_DISK) return reason = "not a regular file", false;
    if (!look_at(file, facts) || !read_begin(file, begin_, sizeof begin_))
        return reason = text_of(GetLastError()), false;
    seconds_ = facts.seconds, nanoseconds_ = facts.nanoseconds;
    if (facts.size == 0) return true;  // an empty file can't be mapped; the reader refuses it
    const HANDLE mapping = CreateFileMappingW(file, nullptr, PAGE_READONLY, 0, 0, nullptr);
    if (mapping) address_ = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);
    if (!address_) reason = text_of(GetLastError());
    if (mapping) CloseHandle(mapping);  // the view keeps it
    size_ = address_ ? size_t(facts.size) : 0;
    return address_ != nullptr;
}

// Sharing keeps other programs of this machine from writing; a file server's other clients may not care.
bool FileMap::unchanged() const {
    if (handle_ == kNoHandle) return true;
    Facts facts;
    if (!look_at(handle_of(handle_), facts) || facts.size != size_) return false;
    if (facts.seconds != seconds_ || facts.nanoseconds != nanoseconds_) return false;
    char begin[sizeof begin_] = {};
    return read_begin(handle_of(handle_), begin, sizeof begin) && std::memcmp(begin, begin_, sizeof begin) == 0;
}

}  // namespace ubp::file
#endif
