"""Facts of a device: one shell script that any Linux can run, and the reader of what it prints. Runs nothing itself."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from ubp_core.devices.clusters import ARM_PARTS, Cluster, group_cores
from ubp_core.numerals import read_count

FACTS_SCRIPT = """
getprop 2>/dev/null
echo ==ubp==
grep -H '' /sys/devices/system/cpu/cpu[0-9]*/cpufreq/cpuinfo_max_freq \
/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor 2>/dev/null
echo ==ubp==
cat /proc/cpuinfo 2>/dev/null
echo ==ubp==
grep -H '' /sys/class/thermal/thermal_zone*/type /sys/class/thermal/thermal_zone*/temp 2>/dev/null
echo ==ubp==
dumpsys battery 2>/dev/null
echo ==ubp==
"""
"""Prints five sections; what can't be read is left out. One round trip, and one process per section."""

SEPARATOR = "==ubp==\n"
SECTIONS = 5
CPU_ZONE = re.compile(r"cpu|soc|tsens|\bap\b|big|little|cluster|x86_pkg", re.IGNORECASE)
"""Types of thermal zones that stand for the processor."""


@dataclass(frozen=True)
class DeviceFacts:
    """What is known of a device; None or empty where unreadable."""

    model: str
    soc: str
    android: str
    """Version of Android; empty for a machine without."""
    abis: tuple[str, ...]
    """Instruction sets, best first."""
    clusters: tuple[Cluster, ...]
    temperature_c: float | None
    """The hottest processor sensor, or the battery's where there is no other."""
    temperature_source: str
    """Which sensor that is."""
    battery_percent: int | None
    emulated: bool = False
    """An Android emulator."""

    @property
    def governors(self) -> str:
        """The frequency governors in use."""
        return ", ".join(dict.fromkeys(cluster.governor for cluster in self.clusters if cluster.governor))

    def to_record(self) -> dict[str, Any]:
        """As JSON can hold it."""
        clusters = [{**asdict(cluster), "cpus": list(cluster.cpus)} for cluster in self.clusters]
        return {**asdict(self), "abis": list(self.abis), "clusters": clusters}

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """Label and value of everything known, in reading order."""
        temperature = "" if self.temperature_c is None else f"{self.temperature_c:.1f} C ({self.temperature_source})"
        battery = "" if self.battery_percent is None else f"{self.battery_percent} %"
        cores = "; ".join(cluster.line for cluster in self.clusters)
        pairs = (
            ("model", self.model),
            ("SoC", self.soc),
            ("Android", self.android),
            ("ABI", ", ".join(self.abis)),
            ("cores", cores),
            ("governor", self.governors),
            ("temperature", temperature),
            ("battery", battery),
        )
        return tuple((label, value) for label, value in pairs if value)


def parse_facts(text: str) -> DeviceFacts:
    """The facts in the output of FACTS_SCRIPT; tolerant of every missing part."""
    sections = [*text.split(SEPARATOR), *[""] * SECTIONS]
    properties = parse_properties(sections[0])
    battery = parse_fields(sections[4], ":")
    temperature, source = processor_temperature(sections[3], battery)
    maker, model = properties.get("ro.product.manufacturer", ""), properties.get("ro.product.model", "")
    return DeviceFacts(
        model=model if model.lower().startswith(maker.lower()) else f"{maker} {model}".strip(),
        soc=soc_name(properties, sections[2]),
        android=properties.get("ro.build.version.release", ""),
        abis=tuple(part for part in properties.get("ro.product.cpu.abilist", "").split(",") if part),
        clusters=parse_clusters(sections[1], sections[2]),
        temperature_c=temperature,
        temperature_source=source,
        battery_percent=read_count(battery.get("level", "")),
        emulated="1" in (properties.get("ro.kernel.qemu"), properties.get("ro.boot.qemu")),
    )


def parse_properties(text: str) -> dict[str, str]:
    """Android's properties."""
    return dict(re.findall(r"^\[([^\]]+)\]: \[(.*)\]\r?$", text, re.MULTILINE))


def parse_fields(text: str, separator: str) -> dict[str, str]:
    """Lines of "name: value"; the first of a name counts."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.partition(separator)
        found.setdefault(name.strip(), value.strip())
    return found


def soc_name(properties: dict[str, str], cpuinfo: str) -> str:
    """The chip: Android 12 says it outright, older ones only a board or hardware name."""
    parts = [properties.get("ro.soc.manufacturer", ""), properties.get("ro.soc.model", "")]
    name = " ".join(part for part in parts if part)
    fields = parse_fields(cpuinfo, ":")
    older = (properties.get("ro.board.platform", ""), fields.get("Hardware", ""), fields.get("model name", ""))
    return name or next((value for value in older if value), "")


def parse_clusters(sysfs: str, cpuinfo: str) -> tuple[Cluster, ...]:
    """Clusters from the lines of /sys and /proc/cpuinfo."""
    frequencies: dict[int, int] = {}
    governors: dict[int, str] = {}
    for cpu, name, value in re.findall(r"/cpu([0-9]{1,6})/cpufreq/(\w+):(.*)", sysfs):
        frequency = read_count(value.strip())
        if name == "cpuinfo_max_freq" and frequency is not None:
            frequencies[int(cpu)] = frequency
        elif name == "scaling_governor":
            governors[int(cpu)] = value.strip()
    parts: dict[int, str] = {}
    for block in re.split(r"\n\s*\n", cpuinfo):
        fields = parse_fields(block, ":")
        if (cpu := read_count(fields.get("processor", ""))) is not None:
            parts[cpu] = core_name(fields)
    return group_cores({*frequencies, *governors, *parts}, frequencies, parts, governors)


def core_name(fields: dict[str, str]) -> str:
    """Core type from a block of /proc/cpuinfo; empty where unknown."""
    if fields.get("CPU implementer") != "0x41":
        return ""
    try:
        return ARM_PARTS.get(int(fields.get("CPU part", ""), 16), "")
    except ValueError:
        return ""


def processor_temperature(zones: str, battery: dict[str, str]) -> tuple[float | None, str]:
    """Hottest plausible processor sensor in degrees Celsius and its name, else the battery's."""
    kinds = dict(re.findall(r"thermal_zone(\d+)/type:(.*)", zones))
    readings = []
    for zone, value in re.findall(r"thermal_zone(\d+)/temp:(-?[0-9]{1,18})\b", zones):
        degrees = int(value) / 1000 if abs(int(value)) > 1000 else float(value)
        if CPU_ZONE.search(kinds.get(zone, "")) and 0 < degrees < 150:
            readings.append((degrees, kinds[zone].strip()))
    if readings:
        return max(readings)
    tenths = read_count(battery.get("temperature", ""))
    return (None, "") if tenths is None else (tenths / 10, "battery")
