// Windows: the registry and kernel32. It tells no governor, temperature or frequency without a driver.
#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include "../device.h"

#include <windows.h>

namespace ubp::bench {
namespace {

/// A function of a system library that headers or older systems lack; null where there is none.
template <typename Function>
Function find_function(const wchar_t* library, const char* name) {
    const FARPROC found = GetProcAddress(GetModuleHandleW(library), name);
    return reinterpret_cast<Function>(reinterpret_cast<void*>(found));
}

/// GetVersion answers what the program's manifest was written for; this one says what runs.
std::string read_system() {
    using GetVersion = LONG(WINAPI*)(OSVERSIONINFOW*);
    const auto get_version = find_function<GetVersion>(L"ntdll.dll", "RtlGetVersion");
    OSVERSIONINFOW version{};
    version.dwOSVersionInfoSize = sizeof version;
    if (!get_version || get_version(&version) != 0) return "Windows";
    return "Windows " + std::to_string(version.dwMajorVersion) + "." + std::to_string(version.dwMinorVersion) + "." +
           std::to_string(version.dwBuildNumber);
}

/// Windows for ARM64 runs x86-64 programs by translation.
bool is_emulated() {
    using IsWow = BOOL(WINAPI*)(HANDLE, USHORT*, USHORT*);
    const auto is_wow = find_function<IsWow>(L"kernel32.dll", "IsWow64Process2");
    USHORT process = 0, native = 0;
    if (!is_wow || !is_wow(GetCurrentProcess(), &process, &native)) return false;
#if defined(__x86_64__)
    return native != IMAGE_FILE_MACHINE_AMD64;
#else
    return false;
#endif
}

std::string read_name(DWORD cpu) {
    const std::string key = "HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\" + std::to_string(cpu);
    char name[128] = {};
    DWORD size = sizeof name;
    const LSTATUS status =
        RegGetValueA(HKEY_LOCAL_MACHINE, key.c_str(), "ProcessorNameString", RRF_RT_REG_SZ, nullptr, name, &size);
    const std::string text = status == ERROR_SUCCESS ? name : "";
    return text.substr(0, text.find_last_not_of(' ') + 1);
}

}  // namespace

Device read_device() {
    Device device;
    SYSTEM_INFO info{};
    GetSystemInfo(&info);
    device.system = read_system();
    device.machine = kMachine;
    device.emulated = is_emulated();
    device.page_size = int64_t(info.dwPageSize);
    for (DWORD cpu = 0; cpu < GetActiveProcessorCount(ALL_PROCESSOR_GROUPS); ++cpu) {
        device.cpus.emplace_back();
        device.cpus.back().number = int(cpu);
        device.cpus.back().type = read_name(cpu);
    }
    return device;
}

std::optional<double> read_temperature() { return std::nullopt; }

std::vector<int64_t> read_frequencies(const std::vector<int>&) { return {}; }

}  // namespace ubp::bench
#endif
