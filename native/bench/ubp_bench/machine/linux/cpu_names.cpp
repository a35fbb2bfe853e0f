#if defined(__linux__)
#include "cpu_names.h"

#include <cstdio>

namespace ubp::bench {
namespace {

struct Name {
    unsigned implementer, part;
    const char* name;
};

constexpr unsigned kArm = 0x41, kQualcomm = 0x51;

constexpr Name kNames[] = {
    {kArm, 0xD03, "Cortex-A53"},         {kArm, 0xD04, "Cortex-A35"},
    {kArm, 0xD05, "Cortex-A55"},         {kArm, 0xD07, "Cortex-A57"},
    {kArm, 0xD08, "Cortex-A72"},         {kArm, 0xD09, "Cortex-A73"},
    {kArm, 0xD0A, "Cortex-A75"},         {kArm, 0xD0B, "Cortex-A76"},
    {kArm, 0xD0C, "Neoverse-N1"},        {kArm, 0xD0D, "Cortex-A77"},
    {kArm, 0xD40, "Neoverse-V1"},        {kArm, 0xD41, "Cortex-A78"},
    {kArm, 0xD44, "Cortex-X1"},          {kArm, 0xD46, "Cortex-A510"},
    {kArm, 0xD47, "Cortex-A710"},        {kArm, 0xD48, "Cortex-X2"},
    {kArm, 0xD49, "Neoverse-N2"},        {kArm, 0xD4B, "Cortex-A78C"},
    {kArm, 0xD4D, "Cortex-A715"},        {kArm, 0xD4E, "Cortex-X3"},
    {kArm, 0xD4F, "Neoverse-V2"},        {kArm, 0xD80, "Cortex-A520"},
    {kArm, 0xD81, "Cortex-A720"},        {kArm, 0xD82, "Cortex-X4"},
    {kArm, 0xD85, "Cortex-X925"},        {kArm, 0xD87, "Cortex-A725"},
    {kQualcomm, 0x800, "Kryo 2xx Gold"}, {kQualcomm, 0x801, "Kryo 2xx Silver"},
    {kQualcomm, 0x802, "Kryo 3xx Gold"}, {kQualcomm, 0x803, "Kryo 3xx Silver"},
    {kQualcomm, 0x804, "Kryo 4xx Gold"}, {kQualcomm, 0x805, "Kryo 4xx Silver"},
    {kQualcomm, 0x001, "Oryon"},
};

}  // namespace

std::string arm_cpu_name(unsigned implementer, unsigned part) {
    for (const Name& known : kNames)
        if (known.implementer == implementer && known.part == part) return known.name;
    char text[24];
    std::snprintf(text, sizeof text, "0x%02x/0x%03x", implementer, part);
    return text;
}

}  // namespace ubp::bench
#endif
