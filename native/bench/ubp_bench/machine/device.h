// Facts about the machine, as far as it lets itself be asked. What can't be read is left out, never guessed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ubp::bench {

/// Architecture of this program; "" where the system must say it.
#if defined(__aarch64__)
constexpr char kMachine[] = "aarch64";
#elif defined(__x86_64__)
constexpr char kMachine[] = "x86_64";
#else
constexpr char kMachine[] = "";
#endif

struct Cpu {
    int number = 0;
    std::string type;  ///< "Cortex-A55", an x86 model name, "Apple M1 Performance", or "0x41/0xd99" for a part
                       ///< that has no name here
    std::optional<int64_t> min_khz, max_khz, current_khz;
    std::string governor;  ///< "" where unreadable
};

struct Device {
    std::string system;   ///< kernel name and release
    std::string machine;  ///< architecture of this program
    std::vector<Cpu> cpus;
    std::string features;  ///< instruction-set extensions, as the kernel names them; "" where it names none
    int64_t page_size = 0;
    bool emulated = false;  ///< a program on a machine of another architecture: times mean nothing

    /// "4x Cortex-A55 + 4x Cortex-A76"
    std::string cpu_summary() const;
};

Device read_device();

/// The highest sensible reading of the thermal zones in degrees Celsius; Linux alone tells it.
std::optional<double> read_temperature();

/// Current frequency of each of these CPUs in kHz; those that don't tell are left out, and only
/// Linux tells.
std::vector<int64_t> read_frequencies(const std::vector<int>& cpus);

}  // namespace ubp::bench
