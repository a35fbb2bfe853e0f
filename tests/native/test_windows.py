"""The program and the library for Windows, run under Wine: every figure is that of this machine's own."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench_program import Bench, build_bench
from native_network import NativeNetwork
from numpy.typing import NDArray
from platform_binaries import declared_functions
from wine import Wine, open_wine

from bad_files import BAD_FILES
from graph_samples import every_operation, graph_bytes
from packed_samples import random_layer
from ubp_core.errors import CandidatesExhausted
from ubp_core.native.library import ABI_VERSION, Status
from ubp_core.native.selection import SelectOutcome, select
from ubp_core.packed.file import PackedFile
from ubp_core.vocabulary import METHODS

ROOT = Path(__file__).parents[2]
QUICK = ("--runs", "3", "--warmup", "1", "--check")
CHANGES = re.compile(r"_ns$|^(device|gflops|dense_equivalent_gflops|moved|notes|peak_memory_kb|share)$|^(khz|celsius)_")
"""Fields that differ from run to run, or between systems."""
TARGET = ("-target", "x86_64-windows-gnu", "-march=x86_64_v3")
"""As the library's: zig builds the C runtime, some minutes, anew for each set of flags."""
NAME = "größe 模型.ubp"


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wine]:
    with open_wine(tmp_path_factory.mktemp("wine")) as made:
        yield made


@pytest.fixture(scope="module")
def program() -> Path:
    return build_bench("bench-windows_x86_64")


@pytest.fixture(scope="module")
def host() -> Bench:
    return Bench("bench-host")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of layers, a network under a name that no code page has, and a refused file."""
    path = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(1)
    conv = random_layer(rng, (37, 5, 3, 2), 4, 0.3, name="größe")
    layers = (
        replace(random_layer(rng, (45, 19, 1, 1), 4, 0.25, name="pointwise"), image_hw=(13, 7)),
        replace(conv, stride=(2, 1), padding=(1, 2), image_hw=(9, 17), activation="hard_swish"),
        replace(random_layer(rng, (21, 30), 0, name="linear"), image_hw=(1, 1), activation="relu6"),
    )
    PackedFile(layers, "a model", "drawn by a test").save(path / "layers.ubp")
    (path / NAME).write_bytes(network_bytes())
    (path / "bad.ubp").write_bytes(BAD_FILES["blocks overlap"].make())
    return path


def network_bytes() -> bytes:
    packed = every_operation()
    assert packed.graph is not None
    return graph_bytes(packed.layers, packed.graph)


def on_linux(host: Bench, folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*host.command, *arguments], cwd=folder, capture_output=True, check=False)


def stable(document: bytes) -> list[dict[str, Any]]:
    """The fields of every row that must be the same everywhere."""
    rows: list[dict[str, Any]] = json.loads(document)["results"]
    assert all(row["check"] == "ok" for row in rows if row["scope"] != "step")
    return [{name: value for name, value in row.items() if not CHANGES.search(name)} for row in rows]


GRIDS = {
    "layers": ("layers.ubp", "--layer", "pointwise", "--layer", "größe", "--kernel", "auto,ubp,dense"),
    "dense layer": ("layers.ubp", "--layer", "linear", "--batch", "2"),
    "network": (NAME, "--kernel", "auto,dense", "--profile"),
}


@pytest.mark.parametrize("grid", GRIDS)
def test_every_output_is_right_and_that_of_this_machine(
    wine: Wine, program: Path, host: Bench, folder: Path, grid: str
) -> None:
    """Each is compared with the plain loop by the program itself, and by its checksum with the program of Linux."""
    arguments = (*GRIDS[grid], "--threads", "1,3", *QUICK, "--json")
    result = wine.run(program, *arguments, folder=folder)
    assert (result.returncode, result.stderr) == (0, b"")
    assert stable(result.stdout) == stable(on_linux(host, folder, *arguments).stdout)


def test_facts_are_told_or_left_out(wine: Wine, program: Path, host: Bench, folder: Path) -> None:
    arguments = ("layers.ubp", "--layer", "linear", "--cpus", "0", *QUICK, "--json")
    found = json.loads(wine.run(program, *arguments, folder=folder).stdout)
    device, (row,) = found["device"], found["results"]
    ours = json.loads(on_linux(host, folder, *arguments).stdout)["device"]
    assert re.fullmatch(r"Windows \d+\.\d+\.\d+", device["system"])
    assert (device["machine"], device["emulated"], device["page_size"]) == ("x86_64", False, 4096)
    assert [cpu["number"] for cpu in device["cpus"]] == list(range(len(device["cpus"])))
    assert device["cpus"][0]["type"].split() == ours["cpus"][0]["type"].split()
    assert all(cpu[name] is None for cpu in device["cpus"] for name in ("min_khz", "max_khz", "governor"))
    assert row["cpus"] == "0" and not [note for note in row["notes"] if "affinity" in note]
    assert row["celsius_before"] is row["khz_before"] is None
    assert 1000 < row["peak_memory_kb"] < 1_000_000
    assert all(0 < sample < 1e9 for sample in row["samples_ns"])


@pytest.mark.parametrize("form", ["--csv", "--jsonl", "--progress"])
def test_lines_end_as_everywhere(wine: Wine, program: Path, folder: Path, form: str) -> None:
    result = wine.run(program, "layers.ubp", *QUICK, form, folder=folder)
    told = result.stderr if form == "--progress" else result.stdout
    assert result.returncode == 0 and told.endswith(b"\n") and b"\r" not in result.stdout + result.stderr
    if form != "--csv":
        assert all(json.loads(line) for line in told.splitlines())


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("bad.ubp",),
        ("missing.ubp",),
        (".",),
        (NAME, "--input", "4x4"),
        ("layers.ubp", "--layer", "größer"),
        ("layers.ubp", "--timeout", "1e9"),
    ],
)
def test_what_is_told_is_the_same(
    wine: Wine, program: Path, host: Bench, folder: Path, arguments: Sequence[str]
) -> None:
    found, ours = wine.run(program, *arguments, folder=folder), on_linux(host, folder, *arguments)
    assert (found.returncode, found.stdout, found.stderr) == (ours.returncode, ours.stdout, ours.stderr)
    assert found.stdout or found.stderr


def test_a_cpu_that_is_not_there(wine: Wine, program: Path, folder: Path) -> None:
    result = wine.run(program, "layers.ubp", "--layer", "linear", *QUICK, "--json", "--cpus", "1020", folder=folder)
    (row,) = json.loads(result.stdout)["results"]
    assert "affinity 1020 refused: no such CPU" in row["notes"]


def test_timeout_ends_a_run(wine: Wine, program: Path, tmp_path: Path) -> None:
    layer = random_layer(np.random.default_rng(0), (512, 512), 0)
    replace(layer, image_hw=(200, 200)).save(tmp_path / "large.ubp")
    result = wine.run(program, "large.ubp", "--timeout", "0.5", folder=tmp_path)
    assert (result.returncode, result.stderr) == (124, b"ubp_bench: timed out (--timeout)\n")


class Caller:
    """The C program that loads the library."""

    def __init__(self, wine: Wine, folder: Path) -> None:
        from building.running import build

        self._wine, self._folder = wine, folder
        self._library = build(["library-windows_x86_64"])[0]
        self._program = folder / "caller.exe"
        source, include = ROOT / "tests" / "native" / "windows_caller.c", ROOT / "native" / "include"
        warnings = ["-Wall", "-Wextra", "-Werror"]
        compiler = [sys.executable, "-m", "ziglang", "cc", *TARGET, "-std=gnu11", *warnings]
        subprocess.run([*compiler, "-O3", "-s", f"-I{include}", source, "-o", self._program], check=True)

    def ask(self, *orders: str) -> list[str]:
        """The answers, a line or more for each order."""
        text = "".join(f"{order}\n" for order in orders).encode()
        result = self._wine.run(self._program, self._library, folder=self._folder, text=text)
        assert (result.returncode, result.stderr) == (0, b"")
        return result.stdout.decode().splitlines()


@pytest.fixture(scope="module")
def caller(wine: Wine, tmp_path_factory: pytest.TempPathFactory) -> Caller:
    return Caller(wine, tmp_path_factory.mktemp("caller"))


def test_every_function_is_found(caller: Caller) -> None:
    functions = sorted(declared_functions())
    answers = caller.ask("version", *(f"find {name}" for name in functions))
    assert answers == [str(ABI_VERSION), *["yes"] * len(functions)]
    assert caller.ask("find ubp_nothing") == ["no"]


def selection_cases() -> Iterator[tuple[NDArray[np.float32], int, int, int, int]]:
    """(importance, budget, block size, method, threads): spread, ties and zeros, with every method."""
    rng = np.random.default_rng(20)
    for number in range(60):
        method = number % len(METHODS)
        rows, columns = int(rng.integers(1, 40)), int(rng.integers(1, 60))
        size = 1 if METHODS[method] == "unstructured" else int(rng.integers(1, min(rows, 9) + 1))
        importance = rng.gamma(0.3, size=(rows, columns)) if number % 3 else rng.integers(0, 4, (rows, columns))
        budget = int(rng.integers(1, columns * (rows // size) + 1))
        yield np.ascontiguousarray(importance, np.float32), budget, size, method, int(rng.integers(1, 4))


def outcome_of(answer: str) -> tuple[float, float, float, list[tuple[int, int]]]:
    """Kept, total, bound and blocks, as the C program writes them."""
    _, found, kept, total, bound, *blocks = answer.split(" ")
    pairs = [(int(row), int(column)) for row, column in (block.split(",") for block in blocks)]
    assert len(pairs) == int(found)
    return float.fromhex(kept), float.fromhex(total), float.fromhex(bound), pairs


def test_selection_is_equal_to_the_last_digit(caller: Caller, tmp_path: Path) -> None:
    expected: list[SelectOutcome | None] = []
    with (tmp_path / "cases").open("wb") as stream:
        for importance, budget, size, method, threads in selection_cases():
            stream.write(struct.pack("<6q", *importance.shape, budget, size, method, threads) + importance.tobytes())
            expected.append(try_select(importance, size, budget, method, threads))
    answers = caller.ask(f"select {tmp_path / 'cases'}")
    assert len(answers) == len(expected) and sum(outcome is not None for outcome in expected) > 50
    for answer, ours in zip(answers, expected, strict=True):
        if ours is None:
            assert answer.startswith(f"{int(Status.EXHAUSTED)} ")
            continue
        blocks = list(zip(ours.rows.tolist(), ours.columns.tolist(), strict=True))
        assert outcome_of(answer) == (ours.kept, ours.total, ours.upper_bound, blocks)


def try_select(
    importance: NDArray[np.float32], size: int, budget: int, method: int, threads: int
) -> SelectOutcome | None:
    """None where greedy runs out of candidates."""
    try:
        return select(importance, size, budget, method, threads)
    except CandidatesExhausted:
        return None


@pytest.mark.parametrize("order", ["network", "threads"])
def test_a_network_runs_from_a_path_in_utf_8(caller: Caller, folder: Path, order: str) -> None:
    """While it is open nobody may write the file, which would otherwise change or lose what is mapped."""
    opened, closed = caller.ask(f"{order} {folder / NAME}")
    status, access, *outputs = opened.split(" ")
    assert (status, access, closed) == ("0", "refused", f"allowed {int(Status.BAD_ARGUMENT)}")
    expected = np.concatenate([values.ravel() for values in outputs_here()])
    assert [float.fromhex(text) for text in outputs] == expected.tolist()


def outputs_here() -> list[NDArray[np.float32]]:
    """What this machine's library makes of the inputs that the C program fills in."""
    network = NativeNetwork(network_bytes())
    inputs = []
    for index in range(2):
        shape = network.shape("input", index)
        count = np.arange(np.prod(shape), dtype=np.int64)
        inputs.append(((count * 37 % 101 - 50).astype(np.float32) / np.float32(50)).reshape(shape))
    try:
        return network.run(*inputs)
    finally:
        network.close()


def test_errors_are_a_code_and_a_line(caller: Caller, folder: Path) -> None:
    missing, bad = caller.ask(f"network {folder / 'größer.ubp'}", f"network {folder / 'bad.ubp'}")
    assert missing == f"{int(Status.UNREADABLE)} {folder / 'größer.ubp'}: No such file or directory"
    assert bad == f"{int(Status.REFUSED)} layers[0].block_column[1]: the block overlaps one above it"
