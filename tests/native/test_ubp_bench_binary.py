"""The ARM64 program as a file: static, small, stripped, aligned for 16 KB pages. And what an unoptimised build says."""

from __future__ import annotations

import json
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from bench_program import build_bench

from packed_samples import file_bytes, random_layer

PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
AARCH64, SYMTAB = 183, 2


@dataclass(frozen=True)
class Elf:
    """As much of an ELF64 header as matters to a phone."""

    machine: int
    segments: tuple[tuple[int, int, int, int], ...]
    """(type, file offset, address, alignment)"""
    section_types: tuple[int, ...]


def read_elf(path: Path) -> Elf:
    data = path.read_bytes()
    assert data[:6] == b"\x7fELF\x02\x01"
    (machine,) = struct.unpack_from("<H", data, 18)
    program_at, section_at = struct.unpack_from("<QQ", data, 32)
    program_size, program_count, section_size, section_count = struct.unpack_from("<HHHH", data, 54)
    segments = []
    for index in range(program_count):
        at = program_at + index * program_size
        kind, _, offset, address, _, _, _, alignment = struct.unpack_from("<IIQQQQQQ", data, at)
        segments.append((kind, offset, address, alignment))
    types = tuple(struct.unpack_from("<I", data, section_at + i * section_size + 4)[0] for i in range(section_count))
    return Elf(machine, tuple(segments), types)


@pytest.fixture(scope="module")
def binary() -> Path:
    return build_bench("bench-arm64")


def test_static_arm64_stripped_and_small(binary: Path) -> None:
    elf = read_elf(binary)
    assert elf.machine == AARCH64
    assert not [segment for segment in elf.segments if segment[0] in (PT_DYNAMIC, PT_INTERP)]
    assert SYMTAB not in elf.section_types
    assert binary.stat().st_size < 2_100_000


def test_segments_fit_pages_of_16_kb(binary: Path) -> None:
    loads = [segment for segment in read_elf(binary).segments if segment[0] == PT_LOAD]
    assert loads
    for _, offset, address, alignment in loads:
        assert alignment >= 16384 and alignment % 16384 == 0
        assert offset % 16384 == address % 16384


def test_no_two_segments_share_a_16_kb_page_with_different_rights(binary: Path) -> None:
    data = binary.read_bytes()
    program_at = struct.unpack_from("<Q", data, 32)[0]
    count = struct.unpack_from("<H", data, 56)[0]
    rights: dict[int, int] = {}
    for index in range(count):
        kind, flags, _, address, _, _, size, _ = struct.unpack_from("<IIQQQQQQ", data, program_at + 56 * index)
        if kind != PT_LOAD:
            continue
        for page in range(address // 16384, -(-(address + size) // 16384)):
            assert rights.setdefault(page, flags) == flags


def test_a_build_without_optimisation_says_so_in_every_row(tmp_path: Path) -> None:
    """Compiles the file that knows of it anew with -O0, and links it with the other objects of the host's program."""
    build_bench("bench-host")
    from building.compilers import compiler_of
    from building.flags import include_flags
    from building.ninja_file import objects_of
    from building.targets import TARGETS

    target = TARGETS["bench-host"]
    root = Path(__file__).parents[2]
    linked = [str(path) for path in objects_of(target)]
    compiler = [*compiler_of(target), "-std=c++17", "-O0", *include_flags()]
    for stem in ("fields", "output"):
        source = root / "native" / "bench" / "ubp_bench" / "output" / f"{stem}.cpp"
        made = tmp_path / f"{stem}.o"
        subprocess.run([*compiler, "-fno-sanitize=all", "-c", str(source), "-o", str(made)], check=True)
        linked = [str(made) if Path(path).stem == stem and "ubp_bench" in path else path for path in linked]
    program = tmp_path / "ubp_bench"
    subprocess.run([*compiler_of(target), *linked, "-o", str(program)], check=True)
    (tmp_path / "layer.ubp").write_bytes(file_bytes(random_layer(np.random.default_rng(0), (5, 9), 2)))
    arguments = [
        str(program),
        str(tmp_path / "layer.ubp"),
        *["--input", "1x1", "--runs", "1", "--warmup", "0", "--threads", "1,2"],
    ]
    document = subprocess.run([*arguments, "--json"], check=True, capture_output=True, text=True).stdout
    rows = json.loads(document)["results"]
    assert [row["build"] for row in rows] == ["UNOPTIMISED"] * 2
    table = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    assert "UNOPTIMISED" in table.splitlines()[0]
