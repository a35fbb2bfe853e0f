"""Networks of int8 in the runtime against the reference in Python (ubp_core.quantisation): the same bytes."""

from __future__ import annotations

import numpy as np
import pytest
from native_network import run_network
from numpy.typing import NDArray

from integer_samples import integer_network, network_file_bytes, random_integer_network
from ubp_core.packed.file import PackedFile
from ubp_core.packed.reader import read_packed
from ubp_core.quantisation.interpreter import run_integers
from ubp_core.quantisation.packed_network import unpack_integers

KERNELS = range(5)
"""Sparse, measured, dense, abp, ubp; abp is refused where blocks are not aligned."""
ABP = 3


def inputs_of(packed: PackedFile, rng: np.random.Generator) -> list[NDArray[np.float32]]:
    graph = packed.graph
    assert graph is not None
    return [rng.standard_normal(t.shape).astype(np.float32) for t in graph.tensors[: graph.input_count]]


def expected_outputs(data: bytes, inputs: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    contents = read_packed(memoryview(data))
    packed = PackedFile(contents.layers, contents.model, contents.source, contents.tool, contents.graph)
    return list(run_integers(unpack_integers(packed), inputs))


def assert_same(packed: PackedFile, outputs: list[NDArray[np.float32]], expected: list[NDArray[np.float32]]) -> None:
    """Bit for bit, but what has gone through floating point: nodes of fp16 and fp32."""
    graph = packed.graph
    assert graph is not None
    floats = any(t.dtype != "int8" for t in graph.tensors[graph.input_count :])
    for mine, theirs in zip(outputs, expected, strict=True):
        if floats:
            np.testing.assert_allclose(mine.reshape(theirs.shape), theirs, rtol=1e-2, atol=1e-2)
        else:
            assert np.array_equal(mine.reshape(theirs.shape), theirs)


@pytest.mark.parametrize("kernel", [k for k in KERNELS if k != ABP])
def test_every_operation(kernel: int) -> None:
    packed, rng = integer_network(), np.random.default_rng(3)
    data, inputs = network_file_bytes(packed), inputs_of(packed, rng)
    expected = expected_outputs(data, inputs)
    for threads in (1, 2):
        assert_same(packed, run_network(data, *inputs, threads=threads, kernel=kernel), expected)


@pytest.mark.parametrize("seed", range(40))
def test_random_networks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    packed = random_integer_network(rng, 1 + seed % 9)
    data, inputs = network_file_bytes(packed), inputs_of(packed, rng)
    outputs = run_network(data, *inputs, threads=1 + seed % 2, kernel=(0, 1, 2, 4)[seed % 4])
    assert_same(packed, outputs, expected_outputs(data, inputs))
