"""Random small networks: the file gives back what was written, and every arena plan keeps the rules."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_samples import every_operation, graph_bytes, random_network
from ubp_core.network.reference import run_reference, run_node
from ubp_core.packed_reader import read_packed
import torch


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 14))
def test_round_trip(seed: int, node_count: int) -> None:
    network = random_network(np.random.default_rng(seed), node_count)
    assert network.graph is not None
    contents = read_packed(memoryview(graph_bytes(network.layers, network.graph)))
    assert contents.graph == network.graph
    for mine, theirs in zip(contents.layers, network.layers, strict=True):
        assert np.array_equal(mine.unpack(), theirs.unpack()) and mine.groups == theirs.groups
        assert mine.extra_padding == theirs.extra_padding and mine.activation == theirs.activation
