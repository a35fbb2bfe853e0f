"""A hypothesis strategy: networks with some numbers of their graph changed, checksums true again."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from bad_graphs import FIRST, good_graph
from bad_integer_graphs import TABLES, good_integer_graph
from graph_samples import graph_bytes, random_network
from integer_samples import random_integer_network
from packed_mutations import NUMBERS
from packed_samples import put, repair_checksums, section_entry


@st.composite
def changed_networks(draw: st.DrawFn) -> bytes:
    """The network with every operation, or a random one, with up to three 32-bit numbers of its graph changed."""
    data, first = bytearray(good_graph()), FIRST
    kind = draw(st.sampled_from(["every operation", "every operation on bytes", "random", "random bytes"]))
    if kind == "every operation on bytes":
        data, first = bytearray(good_integer_graph()), TABLES - 4
    elif kind != "every operation":
        make = random_network if kind == "random" else random_integer_network
        network = make(np.random.default_rng(draw(st.integers(0, 2**32 - 1))), draw(st.integers(1, 8)))
        assert network.graph is not None
        data = bytearray(graph_bytes(network.layers, network.graph))
        first = 2 + sum(len(layer.array_bytes) for layer in network.layers)
    for _ in range(draw(st.integers(0, 3))):
        entry = section_entry(data, first + draw(st.integers(0, 4)))
        words = int(entry["size"]) // 4
        if not words:  # no tables
            continue
        value = draw(st.one_of(st.integers(0, 16), st.sampled_from([64, 128, 192, 256]), NUMBERS))
        put(data, int(entry["offset"]) + 4 * draw(st.integers(0, words - 1)), value % 2**32)
    return bytes(repair_checksums(data))
