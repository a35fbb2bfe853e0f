"""In which type each node of a network computes, once it is known which layers are in integers.

Owns the rule, and what follows from it: which tensors need bytes. Knows no numbers.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import CLAMPS, Op
from ubp_core.packed.graph import Graph, Node
from ubp_core.vocabulary import INT8


@dataclass(frozen=True)
class NodeTypes:
    """Types of a network whose graph has none yet."""

    packed: PackedFile
    """In fp32, but for layers in fp16 that stay so."""
    integer_layers: Container[int]
    """Numbers of the layers in int8; the others compute in their own type."""
    exact_outputs: bool = False
    """Whether a layer writes fp32 where only the caller or softmax takes its result."""

    def made(self, index: int) -> str:
        """The type of what a node makes."""
        graph = graph_of(self.packed)
        node = graph.nodes[index]
        if node.layer is None or node.layer not in self.integer_layers:
            return self.taken(index)
        exact = self.exact_outputs and activation_of(self.packed, node) in CLAMPS and only_read(graph, index)
        return "fp32" if exact else INT8

    def taken(self, index: int) -> str:
        """The type of what a node takes. What has no weights takes what it gets, if none of that is bytes."""
        node = graph_of(self.packed).nodes[index]
        if node.op == Op.SOFTMAX:
            return "fp32"
        if node.layer is not None:
            return INT8 if node.layer in self.integer_layers else self.packed.layers[node.layer].dtype
        given = {self._of_tensor(tensor) for tensor in node.operands}
        if INT8 in given:
            return INT8
        return given.pop() if len(given) == 1 else "fp32"

    def _of_tensor(self, tensor: int) -> str:
        """The type in which a tensor is made; the network's inputs count as bytes, which take less."""
        maker = tensor - graph_of(self.packed).input_count
        return INT8 if maker < 0 else self.made(maker)

    def byte_tensors(self) -> frozenset[int]:
        """Numbers of the tensors that are bytes for somebody: these need a range."""
        graph, needed = graph_of(self.packed), set[int]()
        for index, node in enumerate(graph.nodes):
            if self.taken(index) == INT8:
                needed.update(node.operands)
            if self.made(index) == INT8:
                needed.add(graph.output_of(index))
        return frozenset(needed)

    def layers_around(self, tensor: int) -> tuple[str, ...]:
        """Names of the layers without whose integers a tensor needs no bytes; none where nothing helps."""
        graph, found = graph_of(self.packed), dict[str, None]()
        tensors, seen = [tensor], set[int]()
        while tensors:
            one = tensors.pop()
            seen.add(one)
            for index in nodes_at(graph, one):
                node = graph.nodes[index]
                if node.layer is not None:
                    found[self.packed.layers[node.layer].name] = None
                elif node.op != Op.SOFTMAX:
                    tensors += {*node.operands, graph.output_of(index)} - seen
        inputs = {one for one in seen if one < graph.input_count}
        weightless = (set(node.operands) for node in graph.nodes if node.layer is None and node.op != Op.SOFTMAX)
        return () if any(inputs & operands for operands in weightless) else tuple(sorted(found))


def nodes_at(graph: Graph, tensor: int) -> Iterator[int]:
    """Numbers of the nodes that make or take a tensor."""
    for index, node in enumerate(graph.nodes):
        if tensor in node.operands or tensor == graph.output_of(index):
            yield index


def graph_of(packed: PackedFile) -> Graph:
    """The graph of a network."""
    assert packed.graph is not None
    return packed.graph


def only_read(graph: Graph, index: int) -> bool:
    """Whether nothing but the caller and softmax takes what a node makes."""
    made = graph.output_of(index)
    users = [node.op for node in graph.nodes if made in node.operands]
    return all(op == Op.SOFTMAX for op in users)


def activation_of(packed: PackedFile, node: Node) -> str:
    """The activation of a node, or of the layer that it applies."""
    return node.activation if node.layer is None else packed.layers[node.layer].activation
