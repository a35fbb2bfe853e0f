"""Hand-made bad networks of fp16, a part of `bad_graphs`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bad_files import BadFile
from file_changes import Change
from graph_samples import graph_bytes, half_network
from ubp_core.packed.format import Op
from ubp_core.packed.graph import Graph


def softmax_in_half(graph: Graph) -> Graph:
    """The conversion in front of softmax becomes an activation in fp16."""
    nodes, tensors = list(graph.nodes), list(graph.tensors)
    nodes[7] = replace(nodes[7], op=Op.ACTIVATION, activation="relu")
    tensors[8] = replace(tensors[8], dtype="fp16")
    return replace(graph, nodes=tuple(nodes), tensors=tuple(tensors))


def nothing_converted(graph: Graph) -> Graph:
    """The first conversion makes fp32 of fp32."""
    tensors = list(graph.tensors)
    tensors[1] = replace(tensors[1], dtype="fp32")
    return replace(graph, tensors=tuple(tensors))


def half_bytes(change: Callable[[Graph], Graph] = lambda graph: graph) -> bytes:
    """The network in fp16, with a change."""
    network = half_network()
    assert network.graph is not None
    return graph_bytes(network.layers, change(network.graph))


def half_graph(change: Callable[[Graph], Graph]) -> Change:
    """Another graph around the layers of fp16."""

    def apply(data: bytearray) -> None:
        data[:] = half_bytes(change)

    return apply


CASES: dict[str, tuple[str, Change]] = {
    "softmax in fp16": ("operands[9]", half_graph(softmax_in_half)),
    "a conversion to the same type": ("tensors[1].dtype", half_graph(nothing_converted)),
}

BAD_HALF_GRAPHS = {name: BadFile(where, change, good=half_bytes) for name, (where, change) in CASES.items()}
