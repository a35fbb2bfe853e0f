"""Random small networks: the file gives back what was written, and plans of the arena destroy nothing."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_samples import graph_bytes, random_network
from ubp_core.network.memory import Buffer, best_gap, place_best
from ubp_core.network.reference import TORCH_TYPES, run_node, run_reference
from ubp_core.packed.file import PackedFile
from ubp_core.packed.reader import read_packed

SEEDS = st.integers(0, 2**32 - 1)


def run_apart(network: PackedFile, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """The network with memory of its own for every tensor."""
    graph = network.graph
    assert graph is not None
    shapes = [(t.batch, t.channels, t.height, t.width) for t in graph.tensors]
    made = [torch.from_numpy(x).reshape(shape) for x, shape in zip(inputs, shapes, strict=False)]
    for node in graph.nodes:
        result = run_node(network.layers, node, [made[t] for t in node.operands]).reshape(shapes[len(made)])
        made.append(result.to(TORCH_TYPES[graph.tensors[len(made)].dtype]).float())
    return [made[t].numpy().reshape(graph.tensors[t].shape) for t in graph.outputs]


@settings(max_examples=150)
@given(SEEDS, st.integers(1, 14))
def test_round_trip(seed: int, node_count: int) -> None:
    network = random_network(np.random.default_rng(seed), node_count)
    assert network.graph is not None
    contents = read_packed(memoryview(graph_bytes(network.layers, network.graph)))
    assert contents.graph == network.graph
    for mine, theirs in zip(contents.layers, network.layers, strict=True):
        assert np.array_equal(mine.unpack(), theirs.unpack()) and mine.groups == theirs.groups
        assert mine.extra_padding == theirs.extra_padding and mine.activation == theirs.activation


@settings(max_examples=150)
@given(SEEDS, st.integers(1, 20))
def test_one_arena_gives_what_separate_memory_gives(seed: int, node_count: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng, node_count)
    assert network.graph is not None
    shapes = [tensor.shape for tensor in network.graph.tensors[: network.graph.input_count]]
    inputs = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]
    with torch.no_grad():
        expected = run_apart(network, inputs)
    for mine, theirs in zip(run_reference(network, inputs), expected, strict=True):
        assert np.array_equal(mine, theirs, equal_nan=True)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(-1, 12), st.integers(0, 6)), min_size=1, max_size=12))
def test_buffers_that_live_at_the_same_time_lie_apart(given_buffers: list[tuple[int, int, int]]) -> None:
    buffers = [Buffer(64 * size, first, first + length, (0,)) for size, first, length in given_buffers]
    bound = max(sum(b.size for b in buffers if b.first <= node <= b.last) for node in range(-1, 20))
    offsets = place_best(buffers, bound)
    ends = [offsets[index] + buffer.size for index, buffer in enumerate(buffers)]
    assert bound <= max(ends) <= sum(buffer.size for buffer in buffers)
    for one in range(len(buffers)):
        for other in range(one):
            apart = ends[one] <= offsets[other] or ends[other] <= offsets[one]
            assert apart or not buffers[one].meets(buffers[other])


def test_the_smallest_gap_is_taken() -> None:
    assert best_gap([(0, 64), (256, 64), (384, 64)], 64) == 320
    assert best_gap([(0, 64), (256, 64), (384, 64)], 128) == 64
    assert best_gap([(0, 64), (256, 64), (384, 64)], 256) == 448
