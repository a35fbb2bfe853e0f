"""Processor cores grouped by kind: which there are, what they are called, which cores a choice means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ubp_core.devices.errors import UnknownDevice

ARM_PARTS = {
    0xD03: "Cortex-A53", 0xD04: "Cortex-A35", 0xD05: "Cortex-A55", 0xD07: "Cortex-A57", 0xD08: "Cortex-A72",
    0xD09: "Cortex-A73", 0xD0A: "Cortex-A75", 0xD0B: "Cortex-A76", 0xD0C: "Neoverse-N1", 0xD0D: "Cortex-A77",
    0xD40: "Neoverse-V1", 0xD41: "Cortex-A78", 0xD44: "Cortex-X1", 0xD46: "Cortex-A510", 0xD47: "Cortex-A710",
    0xD48: "Cortex-X2", 0xD49: "Neoverse-N2", 0xD4B: "Cortex-A78C", 0xD4D: "Cortex-A715", 0xD4E: "Cortex-X3",
    0xD80: "Cortex-A520", 0xD81: "Cortex-A720", 0xD82: "Cortex-X4",
}  # fmt: skip
"""CPU part numbers of implementer 0x41 (Arm), as in their reference manuals."""

MOST_CPUS = 4095
"""The largest number of a core where a device has no readable list of them."""


@dataclass(frozen=True)
class Cluster:
    """Cores that are alike."""

    name: str
    """"little", "middle", "big"; "all" where the cores are of one kind."""
    cpus: tuple[int, ...]
    max_khz: int | None
    """Maximum frequency; None where unreadable."""
    core: str
    """Core type, such as Cortex-A55; empty where unknown."""
    governor: str
    """Frequency governor; empty where unreadable."""

    @property
    def range(self) -> str:
        """The cores as "0-3" or "0,2"."""
        return format_cpus(self.cpus)

    @property
    def line(self) -> str:
        """One line, such as "big 7 (Cortex-X1, 2.84 GHz)"."""
        parts = [self.core, f"{self.max_khz / 1e6:.2f} GHz" if self.max_khz else ""]
        inside = ", ".join(part for part in parts if part)
        return f"{self.name} {self.range}" + (f" ({inside})" if inside else "")


def group_cores(
    cpus: Iterable[int], max_khz: Mapping[int, int], parts: Mapping[int, str], governors: Mapping[int, str]
) -> tuple[Cluster, ...]:
    """Clusters from the slowest to the fastest: cores of the same type and maximum frequency."""
    groups: dict[tuple[int, str], list[int]] = {}
    for cpu in sorted(cpus):
        groups.setdefault((max_khz.get(cpu, 0), parts.get(cpu, "")), []).append(cpu)
    ordered = sorted(groups.items())
    clusters = []
    for index, ((frequency, core), members) in enumerate(ordered):
        name = cluster_name(index, len(ordered))
        clusters.append(Cluster(name, tuple(members), frequency or None, core, governors.get(members[0], "")))
    return tuple(clusters)


def cluster_name(index: int, count: int) -> str:
    """Name of the cluster at a place from the slowest to the fastest; several can be "middle"."""
    if count == 1:
        return "all"
    return "little" if index == 0 else "big" if index == count - 1 else "middle"


def choose_cpus(choice: str, clusters: tuple[Cluster, ...]) -> tuple[int, ...]:
    """The cores that "big", "middle", "little", "all" or a list such as "4-6,7" stands for.

    Raises:
        UnknownDevice: the device has no such cores; the line says which it has.
    """
    present = {cpu for cluster in clusters for cpu in cluster.cpus}
    named = [cluster for cluster in clusters if cluster.name == choice]
    if choice == "all" or (choice in ("little", "big") and len(clusters) == 1):
        return tuple(sorted(present))
    if named:
        return tuple(sorted(cpu for cluster in named for cpu in cluster.cpus))
    wanted = parse_cpus(choice, max(present, default=MOST_CPUS))
    has = "; ".join(cluster.line for cluster in clusters)
    if not wanted or (present and not set(wanted) <= present):
        raise UnknownDevice(f"cores {choice!r}: this device has {has or 'no readable list of cores'}")
    return wanted


def parse_cpus(text: str, largest: int = MOST_CPUS) -> tuple[int, ...]:
    """Cores of a list such as "0-3,6"; empty where the text is not one, or a core is above `largest`."""
    found: set[int] = set()
    for part in text.split(","):
        span = re.fullmatch(r"([0-9]{1,6})(?:-([0-9]{1,6}))?", part.strip())
        if span is None or int(span[2] or span[1]) > largest:  # before the range is expanded
            return ()
        found.update(range(int(span[1]), int(span[2] or span[1]) + 1))
    return tuple(sorted(found))


def format_cpus(cpus: Iterable[int]) -> str:
    """A list such as "0-3,6"."""
    spans: list[list[int]] = []
    for cpu in sorted(cpus):
        if spans and spans[-1][1] == cpu - 1:
            spans[-1][1] = cpu
        else:
            spans.append([cpu, cpu])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
