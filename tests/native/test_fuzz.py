"""Some seconds of the fuzzer: C++ reader and runtime under sanitizers of addresses and undefined behaviour."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

import pytest
from fuzz_seeds import seed_files, write_seeds
from run_fuzzer import build_fuzzer, run_fuzzer

from bad_files import BAD_FILES
from ubp_core.packed.reader import read_packed

RUNS = 100_000
GRAPH_FIELDS = {
    *("graph.input_count", "graph.node_count", "graph.operand_count", "graph.arena_size", "graph.reserved"),
    *("tensors[].rank", "tensors[].batch", "tensors[].channels", "tensors[].height", "tensors[].offset"),
    *("nodes[].op", "nodes[].operand_begin", "nodes[].operand_count", "nodes[].layer", "nodes[].activation"),
    *("nodes[].kernel_h", "nodes[].stride_w", "nodes[].pad_h", "operands[]"),
    *("tensors[].scale", "tensors[].zero_point", "nodes[].table", "nodes[].before_scale", "nodes[].before_zero_point"),
}
"""Of graphs: what chance must meet, too; every rule of a graph has a hand-made file in tests/core/bad_graphs.py."""


@pytest.fixture(scope="module")
def fuzzer() -> Path:
    binary = build_fuzzer()
    if binary is None:
        pytest.skip("no compiler with sanitizers: install g++ or clang++, or name one in UBP_FUZZ_CXX")
    return binary


def test_no_crash_no_large_allocation_and_every_refusal_names_a_field(fuzzer: Path) -> None:
    result = run_fuzzer(fuzzer, RUNS, seed=2)
    assert result.returncode == 0, result.stderr
    summary = re.match(
        r"(\d+) runs, seed 2: (\d+) accepted; memory at most ([\d.]+) .*?; (\d+) graphs run", result.stdout
    )
    assert summary and int(summary[1]) == RUNS
    assert int(summary[2]) > RUNS // 100  # mutations that stay valid are walked as kernels walk them
    assert float(summary[3]) <= 2.0
    assert int(summary[4]) > RUNS // 200  # changed graphs that stay valid, and are small, are run


def test_the_mutations_reach_every_rule(fuzzer: Path) -> None:
    """Each field that the hand-made bad files name, indices aside, is also met by chance."""
    output = run_fuzzer(fuzzer, RUNS, seed=3).stdout
    met = set(re.findall(r"^ +\d+  (\S+)$", output, re.M))
    named = {re.sub(r"\d+", "", bad.field) for bad in BAD_FILES.values()} | GRAPH_FIELDS
    named = {re.sub(r"(row_begin|block_column|weights|bias|scales|column_order)$", r"\1[]", field) for field in named}
    assert named <= met


def test_one_run_can_be_repeated(fuzzer: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = [str(path) for path in write_seeds(Path(folder))]
        lines = [
            subprocess.run([fuzzer, "--seed", "9", "--only", "77", *files], capture_output=True, text=True).stdout
            for _ in range(2)
        ]
    assert lines[0] == lines[1] and lines[0].startswith("1 runs, seed 9")


def test_a_seed_that_is_refused_fails(fuzzer: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.ubp").write_bytes(BAD_FILES["version 1"].make())
    result = subprocess.run([fuzzer, tmp_path / "bad.ubp"], capture_output=True, text=True)
    assert result.returncode == 1 and "version: is 1" in result.stderr


@pytest.mark.parametrize("name", seed_files())
def test_seeds_are_valid(name: str) -> None:
    assert read_packed(memoryview(seed_files()[name])).layers
