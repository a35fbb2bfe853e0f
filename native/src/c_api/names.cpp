// The version of the C interface, and the names that its numbers stand for.
#include "ubp/common_c.h"

namespace {

constexpr const char* kKernels[] = {"sparse", "measured", "dense", "abp", "ubp"};
constexpr const char* kMethods[] = {"abp", "greedy", "bed", "optimal", "unstructured"};
static_assert(sizeof kKernels / sizeof *kKernels == UBP_KERNEL_UBP + 1);
static_assert(sizeof kMethods / sizeof *kMethods == UBP_METHOD_UNSTRUCTURED + 1);

}  // namespace

uint32_t ubp_abi_version(void) { return UBP_ABI_VERSION; }
const char* ubp_kernel_name(uint32_t kernel) { return kernel <= UBP_KERNEL_UBP ? kKernels[kernel] : nullptr; }
const char* ubp_method_name(uint32_t method) { return method <= UBP_METHOD_UNSTRUCTURED ? kMethods[method] : nullptr; }
