"""A network in integers: the values that the reference runs, and from which files will be made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import Op
from ubp_core.packed.graph import Graph, Node
from ubp_core.packed.layer import PackedLayer
from ubp_core.quantisation.affine import CLAMPS, STEPS, Affine

SAME_SCALE = (Op.MAX_POOL, Op.FLATTEN)
"""Operations whose result has the scale and zero point of their operand."""


@dataclass(frozen=True, eq=False)
class QuantisedLayer:
    """Integers of one layer."""

    source: PackedLayer
    """The layer in fp32: blocks, geometry, name."""
    weights: NDArray[np.int8]
    """[rows, columns], -127 to 127; zero where the source keeps nothing."""
    scales: NDArray[np.float32]
    """[rows], positive."""
    bias: NDArray[np.int32]
    """[rows], in steps of the row's scale times the input's."""

    @property
    def largest_sums(self) -> NDArray[np.int64]:
        """[rows] what no input can exceed, without its sign; below 2^31."""
        sizes = np.abs(self.weights.astype(np.int64)).sum(1)
        sums: NDArray[np.int64] = STEPS * sizes + np.abs(self.bias.astype(np.int64))
        return sums


@dataclass(frozen=True, eq=False)
class QuantisedNetwork:
    """A network, with what its tensors' bytes mean."""

    packed: PackedFile
    """The same network in fp32: its graph, and layers that stay in fp32."""
    layers: Mapping[int, QuantisedLayer]
    """By number of the layer; the others stay in fp32."""
    tensors: tuple[Affine, ...]
    """Of each tensor of the graph, as bytes."""
    before_tables: Mapping[int, Affine] = field(default_factory=dict)
    """By number of the node: of what its activation's table is given, where that is no tensor."""
    exact_outputs: bool = False
    """Whether a layer writes fp32 where only the caller or softmax takes its result."""

    @property
    def graph(self) -> Graph:
        """Of the network."""
        return graph_of(self.packed)

    def made_in_fp32(self, index: int) -> bool:
        """Whether a node makes fp32 numbers: softmax, layers that stay, and outputs where these are exact."""
        node = self.graph.nodes[index]
        if node.op == Op.SOFTMAX:
            return True
        if node.layer is None:
            return False
        if node.layer not in self.layers:
            return True
        return self.exact_outputs and activation_of(self.packed, node) in CLAMPS and only_read(self.graph, index)


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


def kept_weights(layer: PackedLayer) -> NDArray[np.bool_]:
    """[rows, columns] where blocks are; everywhere in a dense layer."""
    marked = replace(layer, weights=np.ones_like(layer.weights))
    kept: NDArray[np.bool_] = marked.unpack().reshape(layer.rows, layer.columns) != 0
    return kept
