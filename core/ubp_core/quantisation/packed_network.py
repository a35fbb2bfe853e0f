"""A quantised network as a packed file, and back: types, conversions, tables and memory added, and read again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import FileError, ModelError, SelectionError
from ubp_core.grouping.columns import ColumnGroups
from ubp_core.network.memory import ArenaPlan, Use, plan_arena
from ubp_core.network.types.half import to_half
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import GROUPED_COLUMNS, Op
from ubp_core.packed.graph import Graph, Node, Tensor
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.rotation import block_starts
from ubp_core.packed.rules.integer_nodes import TABLE_OPS, Place, check_factors
from ubp_core.quantisation.affine import Affine
from ubp_core.quantisation.network import QuantisedLayer, QuantisedNetwork
from ubp_core.quantisation.node_types import graph_of
from ubp_core.vocabulary import INT8


@dataclass(frozen=True, eq=False)
class PackedIntegers:
    """What was made."""

    packed: PackedFile
    plan: ArenaPlan
    """Of its memory."""


def pack_integers(network: QuantisedNetwork, groups: Mapping[str, ColumnGroups] | None = None) -> PackedIntegers:
    """The network as a file of int8; its inputs and outputs are fp32, what it runs in between is the same.

    Args:
        network: in integers.
        groups: by layer name, of layers whose N x 1 blocks are N x 4 blocks in four pieces: they are written in one.

    Raises:
        ModelError: scales lie so far apart that a factor of the format can't hold their quotient; the line has the
            node.
    """
    build, source = Build(network), network.packed
    for index in range(len(network.graph.nodes)):
        build.add(index)
    outputs = tuple(build.converted(tensor, "fp32") for tensor in network.graph.outputs)
    layers = tuple(
        integer_layer(network.layers[number], (groups or {}).get(layer.name)) if number in network.layers else layer
        for number, layer in enumerate(source.layers)
    )
    tensors, uses = build.tensors, [Use(node.op, node.operands) for node in build.nodes]
    plan = plan_arena([t.chw for t in tensors], [t.dtype for t in tensors], tensors[0].batch, uses, outputs)
    placed = tuple(replace(tensor, offset=offset) for tensor, offset in zip(tensors, plan.offsets, strict=True))
    graph = Graph(placed, tuple(build.nodes), outputs)
    for index in range(len(graph.nodes)):
        check_node(graph, layers, index)
    return PackedIntegers(replace(source, layers=layers, graph=graph), plan)


@dataclass
class Build:
    """A graph with types in the making: tensors without places, nodes with conversions before them."""

    network: QuantisedNetwork
    tensors: list[Tensor] = field(init=False)
    nodes: list[Node] = field(default_factory=list, init=False)
    _made: dict[tuple[int, str], int] = field(default_factory=dict, init=False)
    """Numbers here of the network's tensors in a type."""
    _types: dict[int, str] = field(default_factory=dict, init=False)
    """Types in which the network's tensors are made."""

    def __post_init__(self) -> None:
        graph = self.network.graph
        self.tensors = [replace(tensor, offset=0) for tensor in graph.tensors[: graph.input_count]]
        for number in range(graph.input_count):
            self._types[number] = "fp32"
            self._made[number, "fp32"] = number

    def add(self, index: int) -> None:
        """A node of the network, with the conversions that it needs."""
        network, graph = self.network, self.network.graph
        node, taken, made = graph.nodes[index], network.type_taken(index), graph.output_of(index)
        operands = tuple(self.converted(tensor, taken) for tensor in node.operands)
        table = network.table_of(index)
        changes: dict[str, Any] = {} if table is None else {"table": table.codes.tobytes()}
        if table is not None and node.op in TABLE_OPS:
            changes |= {"before_scale": table.given.scale, "before_zero_point": table.given.zero_point}
        self._types[made] = network.type_made(index)
        self._append(replace(node, operands=operands, **changes), made, self._types[made])

    def converted(self, tensor: int, dtype: str) -> int:
        """The number here of one of the network's tensors in this type: one conversion for all who need it."""
        if (tensor, dtype) not in self._made:
            graph = self.network.graph
            place = "input" if tensor < graph.input_count else graph.nodes[tensor - graph.input_count].name
            given = self._made[tensor, self._types[tensor]]
            self._append(Node(f"{place}.{dtype}", Op.CONVERT, (given,)), tensor, dtype)
        return self._made[tensor, dtype]

    def _append(self, node: Node, tensor: int, dtype: str) -> None:
        affine = self.network.tensors[tensor] if dtype == INT8 else Affine(0.0, 0)
        shape = replace(self.network.graph.tensors[tensor], offset=0, dtype=dtype)
        self._made[tensor, dtype] = len(self.tensors)
        self.tensors.append(replace(shape, scale=affine.scale, zero_point=affine.zero_point))
        self.nodes.append(node)


def check_node(graph: Graph, layers: tuple[PackedLayer, ...], index: int) -> None:
    """Refuses factors that the format can't hold, before anything is written."""
    node, made = graph.nodes[index], graph.output_of(index)
    operands = [graph.tensors[tensor] for tensor in node.operands]
    layer = None if node.layer is None else layers[node.layer]
    try:
        check_factors(node, operands, graph.tensors[made], layer, Place(index, made, 0))
    except FileError:
        raise ModelError(
            f"{node.name}: what it takes and what it makes lie too far apart for int8; keep it, or the layer before "
            "it, in fp32"
        ) from None


def integer_layer(layer: QuantisedLayer, groups: ColumnGroups | None = None) -> PackedLayer:
    """A layer as a file has it, in the blocks of its source, or in what these were before they were cut in four."""
    source = layer.source if groups is None else join_blocks(layer.source, groups)
    weights: NDArray[np.int8] = layer.weights
    if not source.dense:
        weights = np.pad(weights, ((0, 0), (0, 1)))[source.weight_places()]
    return replace(source, weights=np.ascontiguousarray(weights), bias=layer.bias, scales=layer.scales)


def join_blocks(layer: PackedLayer, groups: ColumnGroups) -> PackedLayer:
    """The blocks of a layer in blocks of four columns; its weights are still those of the single columns."""
    starts, numbers = groups.refold(block_starts(layer.row_begin).astype(np.int32), layer.block_column.astype(np.int32))
    begin = np.searchsorted(starts, np.arange(len(layer.row_begin))).astype(np.uint32)
    return replace(
        layer,
        row_begin=begin,
        block_column=numbers.astype(np.uint16),
        block_columns=GROUPED_COLUMNS,
        column_order=groups.order.astype(np.uint16),
    )


def unpack_integers(packed: PackedFile) -> QuantisedNetwork:
    """What a file of int8 holds, for the reference to run.

    Raises:
        ModelError: the file has no graph.
    """
    if packed.graph is None:
        raise ModelError("the file holds layers alone, no network")
    layers = {
        number: QuantisedLayer(layer, layer.unpack_stored().copy(), layer.scales.copy(), layer.bias.astype(np.int32))
        for number, layer in enumerate(packed.layers)
        if layer.dtype == INT8
    }
    graph = graph_of(packed)
    tabled = {index: node for index, node in enumerate(graph.nodes) if node.table is not None}
    return QuantisedNetwork(
        packed,
        layers,
        tuple(Affine(tensor.scale, tensor.zero_point) for tensor in graph.tensors),
        {i: Affine(node.before_scale, node.before_zero_point) for i, node in tabled.items() if node.op in TABLE_OPS},
        tables={i: np.frombuffer(node.table or b"", np.uint8) for i, node in tabled.items()},
    )


def fitting_in_half(packed: PackedFile) -> frozenset[str]:
    """Names of the layers whose weights fp16 can hold."""

    def fits(layer: PackedLayer) -> bool:
        try:
            to_half(layer)
        except SelectionError:
            return False
        return True

    return frozenset(layer.name for layer in packed.layers if fits(layer))


def keep_in_half(network: QuantisedNetwork, names: Collection[str]) -> QuantisedNetwork:
    """The network with some of the layers that stay in fp32 in fp16 instead. Their sums are fp32: what is kept is kept
    for its numbers.

    Raises:
        SelectionError: a layer has weights that fp16 can't hold; the line names it.
    """
    layers = tuple(to_half(layer, wide_sums=True) if layer.name in names else layer for layer in network.packed.layers)
    return replace(network, packed=replace(network.packed, layers=layers))
