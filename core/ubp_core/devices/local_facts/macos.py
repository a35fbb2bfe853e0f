"""Facts of a Mac from the system's `sysctl`."""

from __future__ import annotations

import shutil
import subprocess

from ubp_core.devices.clusters import Cluster, cluster_name
from ubp_core.devices.facts import DeviceFacts, parse_fields
from ubp_core.numerals import read_count

SYSCTL = "/usr/sbin/sysctl"
TREES = ("hw", "machdep.cpu")
"""Every Mac has these; of single names an older one refuses those that it doesn't know."""
LIMIT_S = 10.0


def read_facts() -> DeviceFacts:
    """Chip and cores; sensors are not for programs there."""
    fields = ask_system()
    return DeviceFacts(
        model="",
        soc=fields.get("machdep.cpu.brand_string", ""),
        android="",
        abis=(),
        clusters=list_clusters(fields),
        temperature_c=None,
        temperature_source="",
        battery_percent=None,
    )


def ask_system() -> dict[str, str]:
    """Names and values; none where there is no answer."""
    try:
        done = subprocess.run([shutil.which("sysctl") or SYSCTL, *TREES], stdin=subprocess.DEVNULL, capture_output=True,
                              encoding="utf-8", errors="replace", timeout=LIMIT_S)  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return parse_fields(done.stdout, ":")


def list_clusters(fields: dict[str, str]) -> tuple[Cluster, ...]:
    """Clusters from the slowest to the fastest.

    The system has levels of performance, the fastest first, and numbers its cores from the slowest level on. A Mac
    without levels has cores of one kind.
    """
    levels = range(read_count(fields.get("hw.nperflevels", "")) or 0)
    named = [(fields.get(f"hw.perflevel{n}.name", ""), fields.get(f"hw.perflevel{n}.logicalcpu", "")) for n in levels]
    kinds = [(name, count) for name, text in reversed(named) if (count := read_count(text))]
    if not kinds and (count := read_count(fields.get("hw.logicalcpu", ""))):
        kinds = [("", count)]
    clusters, first = [], 0
    for index, (core, count) in enumerate(kinds):
        name = cluster_name(index, len(kinds))
        clusters.append(Cluster(name, tuple(range(first, first + count)), None, core, ""))
        first += count
    return tuple(clusters)
