"""Facts of this machine, from what the systems print: Linux' files, a Mac's sysctl, Windows' structures."""

from __future__ import annotations

import ctypes
import platform
import sys
from pathlib import Path

import pytest

from ubp_core.benchmark.comparison import figure_of
from ubp_core.devices.clusters import Cluster
from ubp_core.devices.info import DeviceState
from ubp_core.devices.local_devices import Emulator, Host
from ubp_core.devices.local_facts import linux, read_local_facts, windows

M1_PRO = """\
hw.ncpu: 10
hw.byteorder: 1234
hw.memsize: 17179869184
hw.activecpu: 10
hw.perflevel0.physicalcpu: 8
hw.perflevel0.physicalcpu_max: 8
hw.perflevel0.logicalcpu: 8
hw.perflevel0.logicalcpu_max: 8
hw.perflevel0.l2cachesize: 12582912
hw.perflevel0.name: Performance
hw.perflevel1.physicalcpu: 2
hw.perflevel1.physicalcpu_max: 2
hw.perflevel1.logicalcpu: 2
hw.perflevel1.logicalcpu_max: 2
hw.perflevel1.l2cachesize: 4194304
hw.perflevel1.name: Efficiency
hw.physicalcpu: 10
hw.logicalcpu: 10
hw.nperflevels: 2
hw.optional.arm64: 1
machdep.cpu.cores_per_package: 10
machdep.cpu.brand_string: Apple M1 Pro
"""
INTEL_MAC = """\
hw.ncpu: 8
hw.memsize: 17179869184
hw.logicalcpu: 8
hw.physicalcpu: 4
machdep.cpu.vendor: GenuineIntel
machdep.cpu.brand_string: Intel(R) Core(TM) i7-7700HQ CPU @ 2.80GHz
"""
PI_5 = """\
processor	: {cpu}
BogoMIPS	: 108.00
Features	: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x4
CPU part	: 0xd0b
CPU revision	: 1

"""


@pytest.fixture
def mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Mac whose `sysctl` prints what is written into the file that is returned."""
    answer, program = tmp_path / "answer", tmp_path / "bin" / "sysctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$*" = "hw machdep.cpu" ] && exec /bin/cat {answer}\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr(sys, "platform", "darwin")
    return answer


def test_a_mac_tells_its_levels_of_performance(mac: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mac.write_text(M1_PRO, encoding="utf-8")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    facts = read_local_facts()
    assert facts.soc == "Apple M1 Pro" and facts.abis == ("arm64",) and facts.model == platform.node()
    assert facts.clusters == (
        Cluster("little", (0, 1), None, "Efficiency", ""),
        Cluster("big", tuple(range(2, 10)), None, "Performance", ""),
    )
    assert dict(facts.lines)["cores"] == "little 0-1 (Efficiency); big 2-9 (Performance)"
    assert Host().info().title == "Apple M1 Pro"


def test_an_intel_mac_has_cores_of_one_kind(mac: Path) -> None:
    mac.write_text(INTEL_MAC, encoding="utf-8")
    facts = read_local_facts()
    assert facts.soc == "Intel(R) Core(TM) i7-7700HQ CPU @ 2.80GHz"
    assert facts.clusters == (Cluster("all", tuple(range(8)), None, "", ""),)


def test_a_mac_that_does_not_answer_is_still_a_device(mac: Path) -> None:
    assert read_local_facts().clusters == () and Host().info().ready and Host().info().title


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_where_there_is_no_qemu_user_one_line_says_so(system: str, mac: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", system)
    info = Emulator().info()
    assert info.state is DeviceState.MISSING
    assert info.line == "emulator: missing; qemu-user is for Linux alone: use this machine (host) or a phone"


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_an_arm64_linux_is_named_by_its_board(tmp_path: Path) -> None:
    write(tmp_path / "proc/cpuinfo", "".join(PI_5.format(cpu=cpu) for cpu in range(4)))
    write(tmp_path / "proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0")
    for cpu in range(4):
        clocks = tmp_path / f"sys/devices/system/cpu/cpu{cpu}/cpufreq"
        write(clocks / "cpuinfo_max_freq", "2400000\n")
        write(clocks / "scaling_governor", "ondemand\n")
    write(tmp_path / "sys/class/thermal/thermal_zone0/type", "cpu-thermal\n")
    write(tmp_path / "sys/class/thermal/thermal_zone0/temp", "51250\n")
    facts = linux.read_facts(tmp_path)
    assert facts.soc == "Raspberry Pi 5 Model B Rev 1.0" and facts.governors == "ondemand"
    assert facts.clusters == (Cluster("all", (0, 1, 2, 3), 2_400_000, "Cortex-A76", "ondemand"),)
    assert (facts.temperature_c, facts.temperature_source) == (51.25, "cpu-thermal")


def test_an_arm64_server_without_a_board_is_named_by_its_cores(tmp_path: Path) -> None:
    write(tmp_path / "proc/cpuinfo", PI_5.format(cpu=0).replace("0xd0b", "0xd0c"))
    assert linux.read_facts(tmp_path).soc == "Neoverse-N1"


def test_a_linux_that_shows_nothing_has_no_facts(tmp_path: Path) -> None:
    facts = linux.read_facts(tmp_path)
    assert facts.soc == "" and facts.clusters == () and facts.temperature_c is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_program_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_local_facts()
    monkeypatch.setenv("PATH", str(tmp_path))
    facts = read_local_facts()
    assert facts.clusters and facts.soc and (facts.clusters, facts.soc) == (before.clusters, before.soc)


class Affinity(ctypes.Structure):
    """GROUP_AFFINITY of winnt.h."""

    _fields_ = (("mask", ctypes.c_uint64), ("group", ctypes.c_uint16), ("reserved", ctypes.c_uint16 * 3))


class Relationship(ctypes.Structure):
    """SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX of winnt.h, where it has a PROCESSOR_RELATIONSHIP of one group."""

    _fields_ = (
        ("relation", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("flags", ctypes.c_uint8),
        ("efficiency_class", ctypes.c_uint8),
        ("reserved", ctypes.c_uint8 * 20),
        ("groups", ctypes.c_uint16),
        ("affinity", Affinity),
    )


def core(mask: int, kind: int, group: int = 0) -> bytes:
    size = ctypes.sizeof(Relationship)
    empty = ((ctypes.c_uint8 * 20)(), 1, Affinity(mask, group))
    return bytes(Relationship(0, size, 1, kind, *empty))


def test_windows_tells_kinds_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = [core(0b11 << 2 * number, 1) for number in range(2)]
    slow = [core(1 << 4 + number, 0) for number in range(4)]
    monkeypatch.setattr(windows, "read_cores", lambda: b"".join(fast + slow))
    monkeypatch.setenv("PROCESSOR_IDENTIFIER", "Intel64 Family 6 Model 154 Stepping 3, GenuineIntel")
    facts = windows.read_facts()
    assert facts.soc == "Intel64 Family 6 Model 154 Stepping 3, GenuineIntel"
    assert facts.clusters == (
        Cluster("little", (4, 5, 6, 7), None, "efficiency class 0", ""),
        Cluster("big", (0, 1, 2, 3), None, "efficiency class 1", ""),
    )


def test_windows_numbers_processors_through_its_groups() -> None:
    assert windows.parse_cores(core(1 << 63, 0) + core(0b1, 0, group=1)) == {63: 0, 64: 0}


def test_where_windows_tells_nothing_there_are_as_many_cores_as_python_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    assert windows.read_facts().clusters == (Cluster("all", (0, 1, 2, 3), None, "", ""),)


@pytest.mark.parametrize("machine", ["x86_64", "AMD64", "aarch64", "arm64", "ARM64"])
def test_an_arm64_machine_says_so(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    info = Host().info()
    assert info.ready and not info.latency
    if machine.lower() in ("aarch64", "arm64"):
        assert info.advice == "this machine, ARM64: its times are its own, no phone's"
        assert figure_of(info) == "host time, ARM64"
    else:
        assert info.advice == "this machine: ratios count, its times are no phone's"
        assert figure_of(info) == "host time"
