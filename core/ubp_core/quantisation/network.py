"""A network in integers: the values that the reference runs, and from which files are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import CLAMPS
from ubp_core.packed.graph import Graph
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.rules.integer_nodes import TABLE_OPS
from ubp_core.quantisation.affine import STEPS, Affine, Table, activation_table
from ubp_core.quantisation.node_types import NodeTypes, activation_of, graph_of
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

    @property
    def node_types(self) -> NodeTypes:
        """By the rule, where the graph has none."""
        return NodeTypes(self.packed, self.layers, self.exact_outputs)

    def type_made(self, index: int) -> str:
        """The type of what a node makes."""
        if self.has_types:
            return self.graph.tensors[self.graph.output_of(index)].dtype
        return self.node_types.made(index)

    def type_taken(self, index: int) -> str:
        """The type of what a node takes; of a file that of its first operand."""
        if self.has_types:
            return self.graph.tensors[self.graph.nodes[index].operands[0]].dtype
        return self.node_types.taken(index)

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


def kept_weights(layer: PackedLayer) -> NDArray[np.bool_]:
    """[rows, columns] where blocks are; everywhere in a dense layer."""
    marked = replace(layer, weights=np.ones_like(layer.weights))
    kept: NDArray[np.bool_] = marked.unpack().reshape(layer.rows, layer.columns) != 0
    return kept
