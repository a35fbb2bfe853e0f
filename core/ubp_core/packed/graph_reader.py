"""Judges the graph of a packed file: records, order, shapes, and the plan of the arena.

Part of the reader: `reader` has checked table, checksums and layers before. docs/format.md has the rules, in
this order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import FileError
from ubp_core.packed.format import (
    ALIGNMENT,
    GRAPH,
    GRAPH_SIZE,
    MAX_ARENA,
    MAX_CHANNELS,
    MAX_ELEMENTS,
    MAX_NODES,
    MAX_OPERANDS,
    MAX_PORTS,
    MAX_STEP,
    NO_LAYER,
    NO_TABLE,
    NODE,
    NODE_SIZE,
    TENSOR,
    TENSOR_SIZE,
    WINDOW,
    Op,
)
from ubp_core.packed.graph import Graph, Node, Tensor, Window, in_place_operands, last_uses, tensor_bytes
from ubp_core.packed.graph_shapes import ShapeError, node_result
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.layer_reader import require
from ubp_core.vocabulary import ACTIVATIONS, DTYPES

Record = NDArray[np.void]
Values = dict[str, int]
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
    reader = NodeReader(tensors, [int(number) for number in np.frombuffer(sections[3], "<u4")], layers, head)
    nodes = tuple(reader.read(records[index], index, take_name) for index in range(head["node_count"]))
    outputs = reader.read_outputs()
    check_uses(nodes, outputs, len(tensors), len(layers))
    graph = Graph(tuple(tensors), nodes, tuple(outputs))
    check_arena(graph)
    require(head["arena_size"] == graph.arena_size, "graph.arena_size", f"is not {graph.arena_size}")
    return graph


def values_of(record: Record) -> Values:
    """A record's numbers by name."""
    return {label: record[label].item() for label in record.dtype.names or ()}


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
        0,
    )
    for number, size in enumerate(sizes, 1):
        require(sections[number].nbytes == size, f"sections[{first + number}].size", f"is not {size}")
    return head


def read_tensors(records: Record, arena: int) -> list[Tensor]:
    """All tensors, once each is well-formed and within the arena."""
    tensors: list[Tensor] = []
    for index, record in enumerate(records):
        values = values_of(record)
        check_tensor(values, f"tensors[{index}]", tensors[0].batch if tensors else values["batch"], arena)
        numbers = {label: values[label] for label in ("rank", "batch", "channels", "height", "width", "offset")}
        tensors.append(Tensor(**numbers, dtype=DTYPES[values["dtype"]]))
    return tensors


def check_tensor(values: Values, where: str, batch: int, arena: int) -> None:
    """The rules for one tensor."""
    require(values["rank"] in (2, 4), f"{where}.rank", f"{values['rank']} is neither 2 nor 4")
    for label in ("batch", "channels", "height", "width"):
        most = MAX_CHANNELS if label == "channels" else MAX_STEP
        require(1 <= values[label] <= most, f"{where}.{label}", f"{values[label]} is outside 1..{most}")
    for label in ("height", "width"):
        require(values["rank"] == 4 or values[label] == 1, f"{where}.{label}", "is not 1, as vectors have it")
    require(values["batch"] == batch, f"{where}.batch", f"is not {batch}, as tensor 0 has it")
    elements = values["batch"] * values["channels"] * values["height"] * values["width"]
    require(elements <= MAX_ELEMENTS, f"{where}.channels", f"the tensor has more than {MAX_ELEMENTS} elements")
    require(values["dtype"] < len(DTYPES), f"{where}.dtype", f"{values['dtype']} is no type that this reader knows")
    for label in ("scale", "zero_point", "reserved"):
        require(values[label] == 0, f"{where}.{label}", "is not 0")
    offset, size = values["offset"], tensor_bytes(elements, DTYPES[values["dtype"]])
    require(offset % ALIGNMENT == 0, f"{where}.offset", f"is no multiple of {ALIGNMENT}")
    require(size <= arena and offset <= arena - size, f"{where}.offset", "the tensor reaches beyond the arena")


class NodeReader:
    """Takes nodes in their order, and their operands from one list."""

    def __init__(
        self, tensors: Sequence[Tensor], operands: Sequence[int], layers: Sequence[PackedLayer], head: Values
    ) -> None:
        self._tensors = tensors
        self._operands = operands
        self._layers = layers
        self._inputs = head["input_count"]
        self._outputs_begin = max(head["operand_count"] - head["output_count"], 0)
        self._position = 0

    def read(self, record: Record, index: int, take_name: TakeName) -> Node:
        """One node, once its record is well-formed and its operands and its result fit."""
        name = take_name(record, index)
        values, where = values_of(record), f"nodes[{index}]"
        require(name != "", f"{where}.name_size", "the name is empty")
        require(values["op"] in set(Op), f"{where}.op", f"{values['op']} is unknown")
        op = Op(values["op"])
        operands = self._take_operands(values, op, index)
        check_node_numbers(values, op, where, len(self._layers))
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
        self._check_result(node, index, values["operand_begin"])
        return node

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

    def _check_result(self, node: Node, index: int, begin: int) -> None:
        """The operands fit, and the tensor that the node makes has the shape of the result."""
        shapes = [self._tensors[tensor].chw for tensor in node.operands]
        layer = None if node.layer is None else self._layers[node.layer]
        try:
            result = node_result(node.op, shapes, layer, node.window)
        except ShapeError as error:
            raise error.as_file_error(index, begin) from None
        number = self._inputs + index
        for label, stated, wanted in zip(
            ("channels", "height", "width"), self._tensors[number].chw, result, strict=True
        ):
            require(stated == wanted, f"tensors[{number}].{label}", f"is {stated}, node {index} makes {wanted}")
        self._check_dtypes(node, number, begin)

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
        converts = node.op == Op.CONVERT
        require(
            (has != wanted) == converts, f"tensors[{result}].dtype", f"{has} is not what the node makes of {wanted}"
        )

    def read_outputs(self) -> list[int]:
        """The network's outputs, once nothing stands between the last node's operands and them."""
        require(self._position == self._outputs_begin, "graph.operand_count", "some operands belong to no node")
        for number in range(self._outputs_begin, len(self._operands)):
            self._check_operand(number, len(self._tensors))
        return list(self._operands[self._outputs_begin :])


def check_node_numbers(values: Values, op: Op, where: str, layer_count: int) -> None:
    """What the op does not use must be as the format says, and what it uses in its range."""

    def check(label: str, condition: bool, reason: str) -> None:
        require(condition, f"{where}.{label}", f"{values[label]} {reason}")

    if op == Op.LAYER:
        check("layer", values["layer"] < layer_count, "is no layer of the file")
    else:
        check("layer", values["layer"] == NO_LAYER, "is a layer, which this op has not")
    most = len(ACTIVATIONS) - 1 if op in (Op.ADD, Op.MULTIPLY, Op.ACTIVATION) else 0
    least = 1 if op == Op.ACTIVATION else 0
    check("activation", least <= values["activation"] <= most, f"is outside {least}..{most}")
    check("flags", values["flags"] <= (1 if op == Op.AVERAGE_POOL else 0), "has a bit that this op does not know")
    for label in WINDOW:
        most = MAX_STEP if op in POOLS else 0
        least = 1 if op in POOLS and label.startswith(("kernel", "stride")) else 0
        check(label, least <= values[label] <= most, f"is outside {least}..{most}")
    check("table", values["table"] == NO_TABLE, "is a table, which no node of this version has")
    for label in (f"reserved{number}" for number in range(3)):
        check(label, values[label] == 0, "is not 0")


def window_of(values: Values) -> Window:
    """The window in a node's record."""
    pairs = [(values[f"{label}_h"], values[f"{label}_w"]) for label in ("kernel", "stride", "pad", "extra")]
    return Window(*pairs)


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
    same = new.offset == old.offset and new.elements == old.elements
    return same and other in allowed and last == made - graph.input_count
