"""A network in integers: the values that the reference runs, and from which files are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import CLAMPS, Op
from ubp_core.packed.graph import Graph, Node
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.rules.integer_nodes import TABLE_OPS
from ubp_core.quantisation.affine import STEPS, Affine, Table, activation_table
from ubp_core.vocabulary import INT8


@dataclass(frozen=True, eq=False)
class QuantisedLayer:
    """Integers of one layer."""

    source: PackedLayer
    """The layer in fp32, or as a file has it: blocks, geometry, name."""
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
    """The same network in fp32: its graph, and layers that stay in fp32 or fp16. Or a file of int8, whose graph has
    types and conversions."""
    layers: Mapping[int, QuantisedLayer]
    """By number of the layer; the others stay as they are."""
    tensors: tuple[Affine, ...]
    """Of each tensor of the graph, as bytes; zeros for what a file has in another type."""
    before_tables: Mapping[int, Affine] = field(default_factory=dict)
    """By number of the node: of what its activation's table is given, where that is no tensor."""
    exact_outputs: bool = False
    """Whether a layer writes fp32 where only the caller or softmax takes its result."""
    tables: Mapping[int, NDArray[np.uint8]] = field(default_factory=dict)
    """By number of the node: tables of a file. Others follow from scales."""

    @property
    def graph(self) -> Graph:
        """Of the network."""
        return graph_of(self.packed)

    @property
    def has_types(self) -> bool:
        """Whether it is of a file: its graph says what every tensor's type is."""
        return any(tensor.dtype == INT8 for tensor in self.graph.tensors)

    def type_made(self, index: int) -> str:
        """The type of what a node makes."""
        node = self.graph.nodes[index]
        if self.has_types:
            return self.graph.tensors[self.graph.output_of(index)].dtype
        if node.op == Op.SOFTMAX:
            return "fp32"
        if node.layer is None:
            return INT8
        if node.layer not in self.layers:
            return self.packed.layers[node.layer].dtype
        exact = self.exact_outputs and activation_of(self.packed, node) in CLAMPS and only_read(self.graph, index)
        return "fp32" if exact else INT8

    def type_taken(self, index: int) -> str:
        """The type of what a node takes; of a file that of its first operand."""
        node = self.graph.nodes[index]
        if self.has_types:
            return self.graph.tensors[node.operands[0]].dtype
        if node.op == Op.SOFTMAX:
            return "fp32"
        kept = node.layer is not None and node.layer not in self.layers
        return self.packed.layers[node.layer].dtype if kept and node.layer is not None else INT8

    def table_of(self, index: int) -> Table | None:
        """Of a node that makes bytes with an activation that is no clamp."""
        node, graph = self.graph.nodes[index], self.graph
        activation = activation_of(self.packed, node)
        if activation in CLAMPS or self.type_made(index) != INT8:
            return None
        given = self.before_tables[index] if node.op in TABLE_OPS else self.tensors[node.operands[0]]
        known = self.tables.get(index)
        made = self.tensors[graph.output_of(index)]
        return Table(given, activation_table(activation, given, made) if known is None else known)


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
