"""What ubp_bench says of a Mac's processor, with answers of sysctl as Macs give them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

NATIVE = Path(__file__).parents[2] / "native"

M1 = {
    "machdep.cpu.brand_string": "Apple M1",
    "hw.nperflevels": 2,
    "hw.logicalcpu_max": 8,
    "hw.perflevel0.name": "Performance",
    "hw.perflevel0.logicalcpu_max": 4,
    "hw.perflevel1.name": "Efficiency",
    "hw.perflevel1.logicalcpu_max": 4,
}
BIG_SUR = {name: value for name, value in M1.items() if "perflevel" not in name}
"""The first system for Apple's processors names no clusters."""
UNNAMED = {name: value for name, value in M1.items() if not name.endswith(".name")}
INTEL = {
    "machdep.cpu.brand_string": "Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz",
    "hw.nperflevels": 1,
    "hw.logicalcpu_max": 12,
    "hw.cpufrequency_min": 2_600_000_000,
    "hw.cpufrequency_max": 2_600_000_000,
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("program") / "macos_clusters"
    sources = [NATIVE / "tests" / "macos_clusters.cpp", NATIVE / "bench" / "ubp_bench" / "machine" / "device.cpp"]
    flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", f"-I{NATIVE / 'include'}", f"-I{NATIVE / 'src'}"]
    subprocess.run(["g++", *flags, *sources, "-o", made], check=True)
    return made


def lines_of(program: Path, answers: dict[str, object]) -> list[str]:
    text = "".join(f"{name}={value}\n" for name, value in answers.items())
    return subprocess.run([program], input=text, capture_output=True, text=True, check=True).stdout.splitlines()


def test_clusters_are_named_and_the_fast_one_comes_first(program: Path) -> None:
    *cpus, summary = lines_of(program, dict(M1))
    assert cpus[0] == "0 Apple M1 Performance 0" and cpus[7] == "7 Apple M1 Efficiency 0" and len(cpus) == 8
    assert summary == "4x Apple M1 Performance + 4x Apple M1 Efficiency"


@pytest.mark.parametrize("answers", [BIG_SUR, UNNAMED])
def test_what_has_no_name_gets_none(program: Path, answers: dict[str, object]) -> None:
    assert lines_of(program, answers)[-1] == "8x Apple M1"


def test_intel(program: Path) -> None:
    *cpus, summary = lines_of(program, dict(INTEL))
    assert summary == "12x Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz"
    assert len(cpus) == 12 and cpus[11] == "11 Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz 2600000"


def test_a_system_that_answers_nothing_has_a_cpu(program: Path) -> None:
    assert lines_of(program, {}) == ["0  0", "1x unknown"]
