#include "operator/cores.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "kernels/kernel_sets.h"
#include "operator/integer_cores.h"

#if defined(__x86_64__) && !defined(UBP_NO_AVX512)
#define UBP_HAS_AVX512 1
#include <cpuid.h>
#endif

#if defined(__linux__)
#include <sched.h>
#include <unistd.h>
#if defined(__aarch64__)
#include <sys/auxv.h>
#endif
#elif defined(__APPLE__) && defined(__aarch64__)
#include <sys/sysctl.h>
#endif

namespace ubp {
namespace {

// Arm's in-order cores by MIDR implementer and part: A53, A35, A55, A34, A510, A520, and Qualcomm's versions.
bool is_inorder(uint32_t implementer, uint32_t part) {
    if (implementer == 0x41) {
        for (uint32_t known : {0xd03u, 0xd04u, 0xd05u, 0xd02u, 0xd46u, 0xd80u, 0xd88u}) {
            if (part == known) return true;
        }
    }
    return implementer == 0x51 && (part == 0x801 || part == 0x803 || part == 0x805);
}

#if defined(__linux__) && defined(__aarch64__)
bool read_midr(int cpu, uint32_t& implementer, uint32_t& part) {
    char path[96];
    std::snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/regs/identification/midr_el1", cpu);
    std::FILE* file = std::fopen(path, "r");
    if (!file) return false;
    unsigned long long midr = 0;
    const bool found = std::fscanf(file, "%llx", &midr) == 1;
    std::fclose(file);
    implementer = uint32_t(midr >> 24) & 0xff;
    part = uint32_t(midr >> 4) & 0xfff;
    return found;
}

// Kernels that hide MIDR in sysfs still print it in /proc/cpuinfo, one paragraph per core.
void read_cpuinfo(std::vector<bool>& inorder) {
    std::FILE* file = std::fopen("/proc/cpuinfo", "r");
    if (!file) return;
    char line[256];
    long cpu = -1;
    unsigned implementer = 0, part = 0;
    while (std::fgets(line, sizeof(line), file)) {
        const char* value = std::strchr(line, ':');
        if (!value) continue;
        if (std::strncmp(line, "processor", 9) == 0) cpu = std::strtol(value + 1, nullptr, 10);
        if (std::strncmp(line, "CPU implementer", 15) == 0)
            implementer = unsigned(std::strtoul(value + 1, nullptr, 16));
        if (std::strncmp(line, "CPU part", 8) != 0) continue;
        part = unsigned(std::strtoul(value + 1, nullptr, 16));
        if (cpu >= 0 && size_t(cpu) < inorder.size()) inorder[size_t(cpu)] = is_inorder(implementer, part);
    }
    std::fclose(file);
}

std::vector<bool> find_inorder_cores() {
    std::vector<bool> inorder(size_t(sysconf(_SC_NPROCESSORS_CONF) > 0 ? sysconf(_SC_NPROCESSORS_CONF) : 1));
    bool complete = true;
    for (size_t cpu = 0; cpu < inorder.size(); ++cpu) {
        uint32_t implementer = 0, part = 0;
        if (read_midr(int(cpu), implementer, part)) {
            inorder[cpu] = is_inorder(implementer, part);
        } else {
            complete = false;
        }
    }
    if (!complete) read_cpuinfo(inorder);
    return inorder;
}

const std::vector<bool>& inorder_cores() {
    static const std::vector<bool> inorder = find_inorder_cores();
    return inorder;
}

bool on_inorder_core() {
    const std::vector<bool>& inorder = inorder_cores();
    const int cpu = sched_getcpu();
    return cpu >= 0 && size_t(cpu) < inorder.size() && inorder[size_t(cpu)];
}
#else
[[maybe_unused]] bool on_inorder_core() { return (void)is_inorder, false; }
#endif

#ifdef UBP_HAS_AVX512
// AVX-512 F, DQ, BW and VL in the processor, and registers that the system saves. Asked of the processor itself:
// zig's runtime does not fill in what __builtin_cpu_supports reads.
bool has_avx512() {
    unsigned a = 0, b = 0, c = 0, d = 0, low = 0, high = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 27))) return false;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & 0xe6) != 0xe6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
    constexpr unsigned wanted = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
    return (b & wanted) == wanted;
}

bool use_avx512() {
    static const bool found = has_avx512();
    return found;
}
#endif

const KernelSet<float>& widest_set() {
#ifdef UBP_HAS_AVX512
    if (use_avx512()) return f32_wros_avx512();
#endif
    return f32_wros_wide();
}

#if defined(__linux__) && defined(__aarch64__)
// Linux tells what all cores of the machine can do: scalar (FPHP) and vector (ASIMDHP) arithmetic.
bool cores_compute_halves() {
    constexpr unsigned long wanted = 1ul << 9 | 1ul << 10;
    return (getauxval(AT_HWCAP) & wanted) == wanted;
}
bool cores_have_dot_product() { return (getauxval(AT_HWCAP) & 1ul << 20) != 0; }  // ASIMDDP
#elif defined(__APPLE__) && defined(__aarch64__)
bool has_feature(const char* name) {
    int found = 0;
    size_t size = sizeof found;
    return sysctlbyname(name, &found, &size, nullptr, 0) == 0 && found != 0;
}
bool cores_compute_halves() { return has_feature("hw.optional.arm.FEAT_FP16"); }
bool cores_have_dot_product() { return has_feature("hw.optional.arm.FEAT_DotProd"); }
#else
bool cores_compute_halves() { return false; }
bool cores_have_dot_product() { return false; }
#endif

}  // namespace

bool has_half_arithmetic() {
    static const bool found = cores_compute_halves();
    return found;
}

bool runs_half_kernels() {
#if defined(__aarch64__)
    return has_half_arithmetic();
#else
    return true;
#endif
}

template <>
const PlanarKernels<float>& planar_kernels() {
#ifdef UBP_HAS_AVX512
    if (use_avx512()) return f32_planar_avx512();
#endif
    return f32_planar_neon();
}

template <>
const PlanarKernels<Half>& planar_kernels() {
    return f16_planar();
}

template <>
const WinogradKernels<float, float>& winograd_kernels() {
#ifdef UBP_HAS_AVX512
    if (use_avx512()) return f32_winograd_avx512();
#endif
    return f32_winograd_neon();
}

template <>
const WinogradKernels<Half, Half>& winograd_kernels() {
    return f16_winograd();
}

template <>
const KernelSet<Half>& kernels_for(Core core) {
    if (core == Core::automatic && on_inorder_core()) core = Core::inorder;
    return core == Core::inorder ? f16_wros_inorder() : f16_wros_wide();
}

template <>
const KernelSet<float>& kernels_for(Core core) {
    if (core == Core::automatic) core = on_inorder_core() ? Core::inorder : Core::best;
    if (core == Core::inorder) return f32_wros_inorder();
    return core == Core::wide ? f32_wros_wide() : widest_set();
}

bool has_dot_product() {
    static const bool found = cores_have_dot_product();
    return found;
}

const IntegerSet& integer_kernels_for(Core core) {
#if defined(__aarch64__)
    if (has_dot_product()) {
        if (core == Core::automatic && on_inorder_core()) core = Core::inorder;
        return core == Core::inorder ? i8dot_wros_inorder() : i8dot_wros_wide();
    }
#endif
    return (void)core, i8_wros_widening();
}

}  // namespace ubp
