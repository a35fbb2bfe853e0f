#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#define PSAPI_VERSION 2  // kernel32's own
#include "../process.h"

#include <fcntl.h>
#include <io.h>
#include <windows.h>

#include <psapi.h>
#include <shellapi.h>

#include <cmath>
#include <cstdio>

namespace ubp::bench {
namespace {

std::string utf8(const wchar_t* text) {
    const int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, nullptr, 0, nullptr, nullptr);
    std::string bytes(size_t(size > 0 ? size : 1), '\0');
    WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes.data(), size, nullptr, nullptr);
    bytes.pop_back();  // the terminating zero
    return bytes;
}

/// On a thread of the system's. Ends the process without any of its clean-up.
void CALLBACK end_by_timeout(void*, BOOLEAN) {
    DWORD written = 0;
    WriteFile(GetStdHandle(STD_ERROR_HANDLE), kTimedOutLine, sizeof kTimedOutLine - 1, &written, nullptr);
    TerminateProcess(GetCurrentProcess(), kTimedOut);
}

}  // namespace

/// Those of main have lost every letter that the system's code page lacks.
std::vector<std::string> arguments_of(int, char**) {
    int count = 0;
    wchar_t** const words = CommandLineToArgvW(GetCommandLineW(), &count);
    std::vector<std::string> arguments;
    for (int i = 1; i < count; ++i) arguments.push_back(utf8(words[i]));
    LocalFree(words);
    return arguments;
}

void write_plain_lines() {
    _setmode(_fileno(stdout), _O_BINARY);
    _setmode(_fileno(stderr), _O_BINARY);
}

void start_timeout(double seconds) {
    HANDLE timer = nullptr;
    CreateTimerQueueTimer(&timer, nullptr, end_by_timeout, nullptr, DWORD(std::ceil(seconds * 1000)), 0,
                          WT_EXECUTEONLYONCE);
}

int64_t peak_memory_kb() {
    PROCESS_MEMORY_COUNTERS counters{};
    GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters);
    return int64_t(counters.PeakWorkingSetSize / 1024);
}

}  // namespace ubp::bench
#endif
