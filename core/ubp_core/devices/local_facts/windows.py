"""Facts of a Windows machine: the processor's name from the registry, its kinds of cores from the system."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterator

from ubp_core.devices.clusters import group_cores
from ubp_core.devices.facts import DeviceFacts

PROCESSOR_KEY = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
CORES = 0
"""RelationProcessorCore."""
HEAD = struct.Struct("<II")
"""Relationship and size of an entry of SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX."""
CORE = struct.Struct("<xB20xH")
"""Of PROCESSOR_RELATIONSHIP: the class of efficiency (a greater one is faster), and how many groups follow."""
GROUP = struct.Struct("<QH6x")
"""GROUP_AFFINITY: which of a group's 64 processors, and the group's number."""
GROUP_SIZE = 64


def read_facts() -> DeviceFacts:
    """Processor and cores; sensors are not for programs there."""
    classes = parse_cores(read_cores())
    kinds = {cpu: f"efficiency class {kind}" for cpu, kind in classes.items()} if len({*classes.values()}) > 1 else {}
    return DeviceFacts(
        model="",
        soc=read_processor_name(),
        android="",
        abis=(),
        clusters=group_cores(classes or range(os.cpu_count() or 1), {}, kinds, {}),
        temperature_c=None,
        temperature_source="",
        battery_percent=None,
    )


def read_processor_name() -> str:
    """As people know it; empty where it stands nowhere."""
    if sys.platform == "win32":
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, PROCESSOR_KEY) as key:
                return str(winreg.QueryValueEx(key, "ProcessorNameString")[0]).strip()
        except OSError:
            pass
    return os.environ.get("PROCESSOR_IDENTIFIER", "")


def read_cores() -> bytes:
    """The entries that GetLogicalProcessorInformationEx has for cores; empty where it fails."""
    if sys.platform == "win32":
        import ctypes

        ask = ctypes.windll.kernel32.GetLogicalProcessorInformationEx
        size = ctypes.c_ulong(0)
        ask(CORES, None, ctypes.byref(size))
        entries = ctypes.create_string_buffer(size.value)
        if ask(CORES, entries, ctypes.byref(size)):
            return entries.raw[: size.value]
    return b""


def parse_cores(entries: bytes) -> dict[int, int]:
    """The class of efficiency of every processor, by its number."""
    return {cpu: kind for begin in _begins(entries) for cpu, kind in _read_core(entries, begin + HEAD.size)}


def _begins(entries: bytes) -> Iterator[int]:
    """Where entries of cores begin."""
    begin = 0
    while begin + HEAD.size <= len(entries):
        relation, size = HEAD.unpack_from(entries, begin)
        if relation == CORES:
            yield begin
        begin += max(size, HEAD.size)


def _read_core(entries: bytes, begin: int) -> Iterator[tuple[int, int]]:
    """The processors of one core, with its class."""
    kind, groups = CORE.unpack_from(entries, begin)
    for number in range(groups):
        mask, group = GROUP.unpack_from(entries, begin + CORE.size + number * GROUP.size)
        yield from ((group * GROUP_SIZE + bit, kind) for bit in range(GROUP_SIZE) if mask >> bit & 1)
