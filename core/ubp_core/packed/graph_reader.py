"""Judges the graph of a packed file: records, order, shapes, and the plan of the arena.

Part of the reader: `reader` has checked table, checksums and layers before. docs/format.md has the rules, in
this order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ubp_core.packed.format import (
    ALIGNMENT,
    GRAPH,
    GRAPH_SIZE,
    MAX_ARENA,
    MAX_NODES,
    MAX_OPERANDS,
    MAX_PORTS,
    MAX_STEP,
    NO_LAYER,
    NODE,
    NODE_SIZE,
    TABLE_SIZE,
    TENSOR,
    TENSOR_SIZE,
    WINDOW,
    Op,
)
from ubp_core.packed.graph import Graph, Node, Tensor, Window
from ubp_core.packed.graph_shapes import ShapeError, node_result
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.rules.arena import check_arena, check_uses
from ubp_core.packed.rules.integer_nodes import (
    Place,
    TableReader,
    check_before,
    check_factors,
    check_same_scale,
    makes_numbers,
    needs_table,
)
from ubp_core.packed.rules.require import require
from ubp_core.packed.rules.tensors import Record, Values, read_tensors, values_of
from ubp_core.vocabulary import ACTIVATIONS, INT8

TakeName = Callable[[Record, int], str]

POOLS = (Op.MAX_POOL, Op.AVERAGE_POOL)
OPERANDS_OF = {Op.LAYER: (1, 2), Op.ADD: (2, 2), Op.MULTIPLY: (2, 2), Op.CONCAT: (1, MAX_NODES)}
"""Least and most operands of an op; one for those that are not listed."""


def read_graph(
    sections: Sequence[memoryview], first_section: int, layers: Sequence[PackedLayer], take_name: TakeName
) -> Graph:
    """The graph, once it is sound.

    Args:
        sections: bytes of the five sections of kinds 16 to 20.
        first_section: index of the first of them.
        layers: of the file.
        take_name: checks and returns the name of the node with this record and number.

    Raises:
        FileError: a rule is broken; the line starts with the field.
    """
    head = read_graph_record(sections, first_section)
    tensors = read_tensors(np.frombuffer(sections[1], TENSOR), head["arena_size"])
    records = np.frombuffer(sections[2], NODE)
    tables = TableReader(bytes(sections[4]), first_section + 4)
    reader = NodeReader(tensors, np.frombuffer(sections[3], "<u4").tolist(), layers, head, tables)
    nodes = tuple(reader.read(records[index], index, take_name) for index in range(head["node_count"]))
    tables.finish()
    outputs = reader.read_outputs()
    check_uses(nodes, outputs, len(tensors), len(layers))
    graph = Graph(tuple(tensors), nodes, tuple(outputs))
    check_arena(graph)
    require(head["arena_size"] == graph.arena_size, "graph.arena_size", f"is not {graph.arena_size}")
    return graph


def read_graph_record(sections: Sequence[memoryview], first: int) -> Values:
    """The graph's record, once its numbers are in their ranges and the sections have the sizes it says."""
    require(sections[0].nbytes == GRAPH_SIZE, f"sections[{first}].size", f"is not {GRAPH_SIZE}")
    head = values_of(np.frombuffer(sections[0], GRAPH)[0])
    limits = {
        "input_count": (1, MAX_PORTS),
        "output_count": (1, MAX_PORTS),
        "node_count": (1, MAX_NODES),
        "operand_count": (2, MAX_OPERANDS),
    }
    for label, (least, most) in limits.items():
        require(least <= head[label] <= most, f"graph.{label}", f"{head[label]} is outside {least}..{most}")
    arena = head["arena_size"]
    require(arena % ALIGNMENT == 0 and arena <= MAX_ARENA, "graph.arena_size", f"{arena} can't be an arena's size")
    require(head["reserved"] == 0, "graph.reserved", "is not 0")
    sizes = (
        TENSOR_SIZE * (head["input_count"] + head["node_count"]),
        NODE_SIZE * head["node_count"],
        4 * head["operand_count"],
    )
    for number, size in enumerate(sizes, 1):
        require(sections[number].nbytes == size, f"sections[{first + number}].size", f"is not {size}")
    tables = sections[len(sizes) + 1].nbytes
    require(tables % TABLE_SIZE == 0, f"sections[{first + len(sizes) + 1}].size", f"is no multiple of {TABLE_SIZE}")
    return head


class NodeReader:
    """Takes nodes in their order, and their operands from one list."""

    def __init__(
        self,
        tensors: Sequence[Tensor],
        operands: Sequence[int],
        layers: Sequence[PackedLayer],
        head: Values,
        tables: TableReader,
    ) -> None:
        self._tensors = tensors
        self._operands = operands
        self._layers = layers
        self._inputs = head["input_count"]
        self._outputs_begin = max(head["operand_count"] - head["output_count"], 0)
        self._tables = tables
        self._integer_layers: set[int] = set()
        self._position = 0

    def read(self, record: Record, index: int, take_name: TakeName) -> Node:
        """One node, once its record is well-formed and its operands and its result fit."""
        name = take_name(record, index)
        values, where = values_of(record), f"nodes[{index}]"
        require(name != "", f"{where}.name_size", "the name is empty")
        require(values["op"] in set(Op), f"{where}.op", f"{values['op']} is unknown")
        op = Op(values["op"])
        operands = self._take_operands(values, op, index)
        self._check_layer(values, op, where)
        check_node_numbers(values, op, where)
        window = window_of(values) if op in POOLS else None
        node = Node(
            name=name,
            op=op,
            operands=tuple(operands),
            layer=values["layer"] if op == Op.LAYER else None,
            activation=ACTIVATIONS[values["activation"]],
            window=window,
            counts_padding=values["flags"] == 1,
        )
        place = Place(index, self._inputs + index, values["operand_begin"])
        self._check_result(node, place)
        return self._check_integers(node, place, values)

    def _check_layer(self, values: Values, op: Op, where: str) -> None:
        """A layer that there is, of int8 one that no other node applies: its bias has its input's scale in it."""
        number, field = values["layer"], f"{where}.layer"
        if op != Op.LAYER:
            require(number == NO_LAYER, field, f"{number} is a layer, which this op has not")
            return
        require(number < len(self._layers), field, f"{number} is no layer of the file")
        if self._layers[number].dtype == INT8:
            require(number not in self._integer_layers, field, f"{number} is of int8, and an earlier node applies it")
            self._integer_layers.add(number)

    def _check_integers(self, node: Node, place: Place, values: Values) -> Node:
        """The node with its table, once all that only int8 has is as it must be."""
        operands, result = [self._tensors[tensor] for tensor in node.operands], self._tensors[place.result]
        layer, where = self._layer_of(node), f"nodes[{place.node}]"
        check_same_scale(node, operands[0], result, place)
        table = self._tables.take(values["table"], needs_table(node, layer, result), where)
        before = dict(before_scale=values["before_scale"], before_zero_point=values["before_zero_point"])
        node = replace(node, table=table, **before)
        check_before(node, where)
        check_factors(node, operands, result, layer, place)
        return node

    def _layer_of(self, node: Node) -> PackedLayer | None:
        return None if node.layer is None else self._layers[node.layer]

    def _take_operands(self, values: Values, op: Op, index: int) -> list[int]:
        """The node's operands, once there are as many as the op takes and all were made before."""
        where, begin, count = f"nodes[{index}]", values["operand_begin"], values["operand_count"]
        require(begin == self._position, f"{where}.operand_begin", f"is {begin}, not {self._position}")
        least, most = OPERANDS_OF.get(op, (1, 1))
        require(least <= count <= most, f"{where}.operand_count", f"{count} is outside {least}..{most}")
        require(count <= self._outputs_begin - begin, f"{where}.operand_count", "reaches into the network's outputs")
        self._position = begin + count
        for number in range(begin, self._position):
            self._check_operand(number, self._inputs + index)
        return list(self._operands[begin : self._position])

    def _check_operand(self, number: int, below: int) -> None:
        tensor = self._operands[number]
        require(tensor < below, f"operands[{number}]", f"tensor {tensor} is not made before it is used")

    def _check_result(self, node: Node, place: Place) -> None:
        """The operands fit, and the tensor that the node makes has the shape of the result."""
        shapes = [self._tensors[tensor].chw for tensor in node.operands]
        try:
            result = node_result(node.op, shapes, self._layer_of(node), node.window)
        except ShapeError as error:
            raise error.as_file_error(place.node, place.operand_begin) from None
        number = place.result
        for label, stated, wanted in zip(
            ("channels", "height", "width"), self._tensors[number].chw, result, strict=True
        ):
            require(stated == wanted, f"tensors[{number}].{label}", f"is {stated}, node {place.node} makes {wanted}")
        self._check_dtypes(node, number, place.operand_begin)

    def _check_dtypes(self, node: Node, result: int, begin: int) -> None:
        """Operands and result have one type, which of a layer is the layer's; a conversion makes another one."""
        wanted = self._tensors[node.operands[0]].dtype
        if node.layer is not None:
            wanted = self._layers[node.layer].dtype
        elif node.op == Op.SOFTMAX:
            wanted = "fp32"
        for number, tensor in enumerate(node.operands, begin):
            has = self._tensors[tensor].dtype
            require(has == wanted, f"operands[{number}]", f"is {has}, not {wanted}")
        has = self._tensors[result].dtype
        fits = (has != wanted) == (node.op == Op.CONVERT) or makes_numbers(self._layer_of(node), self._tensors[result])
        require(fits, f"tensors[{result}].dtype", f"{has} is not what the node makes of {wanted}")

    def read_outputs(self) -> list[int]:
        """The network's outputs, once nothing stands between the last node's operands and them."""
        require(self._position == self._outputs_begin, "graph.operand_count", "some operands belong to no node")
        for number in range(self._outputs_begin, len(self._operands)):
            self._check_operand(number, len(self._tensors))
        return list(self._operands[self._outputs_begin :])


def check_node_numbers(values: Values, op: Op, where: str) -> None:
    """What the op does not use must be as the format says, and what it uses in its range."""

    def check(label: str, condition: bool, reason: str) -> None:
        require(condition, f"{where}.{label}", f"{values[label]} {reason}")

    most = len(ACTIVATIONS) - 1 if op in (Op.ADD, Op.MULTIPLY, Op.ACTIVATION) else 0
    least = 1 if op == Op.ACTIVATION else 0
    check("activation", least <= values["activation"] <= most, f"is outside {least}..{most}")
    check("flags", values["flags"] <= (1 if op == Op.AVERAGE_POOL else 0), "has a bit that this op does not know")
    for label in WINDOW:
        most = MAX_STEP if op in POOLS else 0
        least = 1 if op in POOLS and label.startswith(("kernel", "stride")) else 0
        check(label, least <= values[label] <= most, f"is outside {least}..{most}")
    check("reserved", values["reserved"] == 0, "is not 0")


def window_of(values: Values) -> Window:
    """The window in a node's record."""
    pairs = [(values[f"{label}_h"], values[f"{label}_w"]) for label in ("kernel", "stride", "pad", "extra")]
    return Window(*pairs)
