"""The native network runtime against torch: every op, in place and apart, any number of threads, any kernel."""

from __future__ import annotations

import numpy as np
import pytest
from native_network import NativeNetwork, run_network
from plain_network import run_plain
from random_networks import random_network

from packed_samples import network_bytes

DENSE = 2


@pytest.mark.parametrize("seed", range(60))
def test_random_networks(seed: int) -> None:
    graph, layers, data = random_network(seed, in_place=seed % 2 == 0)
    x = np.random.default_rng(seed).normal(size=graph.tensors[0].shape).astype(np.float32)
    values = run_plain(graph, layers, [x])
    outputs = run_network(data, x)
    for output, number in zip(outputs, graph.outputs, strict=True):
        expected = values[number].numpy().reshape(output.shape)
        scale = max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(output, expected, rtol=0, atol=2e-5 * scale)
    for threads in (2, 3):
        for other, output in zip(run_network(data, x, threads=threads), outputs, strict=True):
            np.testing.assert_array_equal(other, output)
    for other, output in zip(run_network(data, x, kernel=DENSE), outputs, strict=True):
        np.testing.assert_allclose(other, output, rtol=0, atol=1e-4 * max(1.0, np.abs(output).max()))


def test_runs_again_and_again() -> None:
    graph, _, data = random_network(3)
    network = NativeNetwork(data)
    rng = np.random.default_rng(1)
    inputs = [rng.normal(size=graph.tensors[0].shape).astype(np.float32) for _ in range(3)]
    first = [network.run(x) for x in inputs]
    for x, outputs in zip(inputs, first, strict=True):
        for one, other in zip(network.run(x), outputs, strict=True):
            np.testing.assert_array_equal(one, other)
    network.close()


def test_memory_is_what_the_plan_says() -> None:
    graph, _, data = random_network(5)
    network = NativeNetwork(data)
    memory = network.info()
    assert (memory.file_bytes, memory.arena_bytes) == (len(data), graph.arena_size)
    network.close()


@pytest.mark.parametrize(
    ("options", "line"), [({"threads": 65}, "threads must be 1..64"), ({"kernel": 9}, "kernel must be")]
)
def test_options_out_of_range(options: dict[str, int], line: str) -> None:
    with pytest.raises(ValueError, match=line):
        NativeNetwork(random_network(0)[2], **options)


def test_a_file_without_a_graph() -> None:
    with pytest.raises(ValueError, match="no network"):
        NativeNetwork(network_bytes())
