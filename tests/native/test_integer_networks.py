"""Networks of int8 in the runtime against the reference in Python (ubp_core.quantisation): the same bytes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from bench_program import Bench
from native_network import run_network
from numpy.typing import NDArray

from integer_samples import integer_network, network_file_bytes, random_integer_network
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import Op
from ubp_core.packed.reader import read_packed
from ubp_core.quantisation.interpreter import run_integers
from ubp_core.quantisation.packed_network import unpack_integers

QUICK = ("--warmup", "0", "--runs", "1")
KERNELS = range(5)
"""Sparse, measured, dense, abp, ubp; abp is refused where blocks are not aligned."""
ABP = 3


def inputs_of(packed: PackedFile, rng: np.random.Generator) -> list[NDArray[np.float32]]:
    """Random numbers; of an input of int8, such as its bytes can hold."""
    graph = packed.graph
    assert graph is not None
    inputs = [rng.standard_normal(t.shape).astype(np.float32) for t in graph.tensors[: graph.input_count]]
    for x, tensor in zip(inputs, graph.tensors, strict=False):
        if tensor.dtype == "int8":
            codes = np.clip(np.rint(x / tensor.scale) + tensor.zero_point, 0, 255)
            x[:] = (codes - tensor.zero_point).astype(np.float32) * np.float32(tensor.scale)
    return inputs


def expected_outputs(data: bytes, inputs: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    contents = read_packed(memoryview(data))
    packed = PackedFile(contents.layers, contents.model, contents.source, contents.tool, contents.graph)
    return list(run_integers(unpack_integers(packed), inputs))


def is_exact(packed: PackedFile) -> bool:
    """Whether all of it is computed in whole numbers, or converted."""
    graph = packed.graph
    assert graph is not None
    taken = (graph.tensors[operand].dtype for node in graph.nodes if node.op != Op.CONVERT for operand in node.operands)
    return set(taken) <= {"int8"}


def exact_networks(count: int) -> Iterator[tuple[int, PackedFile]]:
    """Random ones, each with its seed."""
    for seed in itertools.count():
        packed = random_integer_network(np.random.default_rng(seed), 1 + seed % 9)
        if is_exact(packed):
            yield seed, packed
            count -= 1
        if not count:
            return


@pytest.mark.parametrize("kernel", [k for k in KERNELS if k != ABP])
def test_every_operation(kernel: int) -> None:
    """One layer of fp16, whose rounding may differ, and with it a byte behind it by one."""
    packed, rng = integer_network(), np.random.default_rng(3)
    data, inputs = network_file_bytes(packed), inputs_of(packed, rng)
    expected = expected_outputs(data, inputs)
    for threads in (1, 2):
        outputs = run_network(data, *inputs, threads=threads, kernel=kernel)
        for mine, theirs in zip(outputs, expected, strict=True):
            np.testing.assert_allclose(mine.reshape(theirs.shape), theirs, rtol=0.1, atol=0.1)


@pytest.mark.parametrize(("seed", "packed"), list(exact_networks(40)))
def test_random_networks(seed: int, packed: PackedFile) -> None:
    rng = np.random.default_rng(seed)
    data, inputs = network_file_bytes(packed), inputs_of(packed, rng)
    outputs = run_network(data, *inputs, threads=1 + seed % 2, kernel=(0, 1, 2, 4)[seed % 4])
    for mine, theirs in zip(outputs, expected_outputs(data, inputs), strict=True):
        assert np.array_equal(mine.reshape(theirs.shape), theirs)


@pytest.mark.parametrize("target", ["bench-host", "bench-arm64"])
def test_the_benchmark_program_runs_and_checks_them(target: str, tmp_path: Path) -> None:
    bench, path = Bench(target), tmp_path / "network.ubp"
    path.write_bytes(network_file_bytes(integer_network()))
    rows = bench.rows(path, "--kernel", "auto,ubp,dense,measured", "--threads", "1,2", "--check", *QUICK)
    assert len(rows) == 8 and len({row["output_crc32"] for row in rows}) == 1
    for row in rows:
        assert row["check"] == "ok" and row["arithmetic"] == "int8" and row["check_error"] < 0.05
    steps = bench.rows(path, "--profile", *QUICK)
    assert {"int8"} < {row["dtype"] for row in steps}
