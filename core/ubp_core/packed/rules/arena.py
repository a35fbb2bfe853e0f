"""Judges the plan of a graph's memory: everything is used, and nothing overlaps what is still needed."""

from __future__ import annotations

from collections.abc import Sequence

from ubp_core.errors import FileError
from ubp_core.packed.graph import Graph, Node, in_place_operands, last_uses
from ubp_core.packed.rules.require import require


def check_uses(nodes: Sequence[Node], outputs: Sequence[int], tensor_count: int, layer_count: int) -> None:
    """Every layer is applied, and every tensor is used."""
    applied = {node.layer for node in nodes}
    for index in range(layer_count):
        require(index in applied, f"layers[{index}].name", "no node applies the layer")
    for index, last in enumerate(last_uses([node.operands for node in nodes], outputs, tensor_count)):
        require(last >= 0, f"tensors[{index}].rank", "nothing uses the tensor")


def check_arena(graph: Graph) -> None:
    """No tensor overlaps another one that is still needed when it is made; see "Arena" in docs/format.md.

    Raises:
        FileError: one does; the field is its offset.
    """
    last, tensors, inputs = graph.last_uses(), graph.tensors, graph.input_count
    for made in range(len(tensors)):
        node = graph.nodes[made - inputs] if made >= inputs else None
        for other in range(made):
            living = last[other] >= made - inputs or node is None
            if not living or not tensors[made].overlaps(tensors[other]):
                continue
            if node is None or not replaces(graph, node, made, other, last[other]):
                raise FileError(f"tensors[{made}].offset: the tensor overlaps tensor {other}, which is still needed")


def replaces(graph: Graph, node: Node, made: int, other: int, last: int) -> bool:
    """Whether a node's result may stand on `other`: it is an operand that allows it, and this is its last use."""
    new, old = graph.tensors[made], graph.tensors[other]
    allowed = in_place_operands(node.op, node.operands, [graph.tensors[tensor].chw for tensor in node.operands])
    same = (new.offset, new.elements, new.dtype) == (old.offset, old.elements, old.dtype)
    return same and other in allowed and last == made - graph.input_count
