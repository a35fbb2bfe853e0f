"""Facts of a Linux machine from /proc and /sys, in the form in which a phone's shell prints them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ubp_core.devices.facts import SEPARATOR, DeviceFacts, parse_facts

ROOT = Path("/")
CLOCKS = "sys/devices/system/cpu/cpu[0-9]*/cpufreq"
ZONES = "sys/class/thermal/thermal_zone*"


def read_facts(root: Path = ROOT) -> DeviceFacts:
    """What the system says; ARM64 ones rarely name their chip, but the board that it is on, or at least its cores."""
    sections = (
        "",
        read_all(root, f"{CLOCKS}/cpuinfo_max_freq") + read_all(root, f"{CLOCKS}/scaling_governor"),
        read_text(root / "proc/cpuinfo"),
        read_all(root, f"{ZONES}/type") + read_all(root, f"{ZONES}/temp"),
        "",
    )
    facts = parse_facts(SEPARATOR.join(sections))
    board = read_text(root / "proc/device-tree/model").rstrip("\0\n")
    cores = ", ".join(dict.fromkeys(cluster.core for cluster in facts.clusters if cluster.core))
    return replace(facts, soc=board or facts.soc or cores)


def read_all(root: Path, pattern: str) -> str:
    """A line for each file: its path, a colon, what is in it."""
    files = sorted(root.glob(pattern))
    return "".join(f"{file}:{text.strip()}\n" for file in files if (text := read_text(file)))


def read_text(file: Path) -> str:
    """What is in a file; empty where it can't be read."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
