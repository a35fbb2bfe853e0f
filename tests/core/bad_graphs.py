"""Hand-made bad networks: for every rule on graphs in docs/format.md one change to a good file.

Both readers are tested with this one list, as with that of `bad_files`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from itertools import chain

import numpy as np

from bad_files import BadFile
from bad_half_graphs import BAD_HALF_GRAPHS
from bad_integer_graphs import BAD_INTEGER_GRAPHS
from file_changes import Change, both, byte, entry, header, record, relaid
from graph_samples import every_operation, graph_bytes
from packed_samples import TEXTS, put, section_entry
from ubp_core.packed.format import (
    GRAPH,
    HEADER,
    HEADER_SIZE,
    NODE,
    NODE_SIZE,
    SECTION_SIZE,
    TENSOR,
    TENSOR_SIZE,
    WINDOW,
    Op,
)
from ubp_core.packed.graph import Graph
from ubp_core.packed.writer import Section, packed_chunks


@functools.cache
def good_graph() -> bytes:
    """The good file: `every_operation`."""
    network = every_operation()
    assert network.graph is not None
    return graph_bytes(network.layers, network.graph)


NETWORK = every_operation()
assert NETWORK.graph is not None
GRAPH_OF_GOOD: Graph = NETWORK.graph
NODES = {node.name: index for index, node in enumerate(GRAPH_OF_GOOD.nodes)}
SECTIONS = int(np.frombuffer(good_graph(), HEADER, 1)[0]["section_count"])
FIRST = SECTIONS - 5
"""Index of the graph's first section."""
OPERANDS_BEFORE = {
    node.name: sum(len(other.operands) for other in GRAPH_OF_GOOD.nodes[:index])
    for index, node in enumerate(GRAPH_OF_GOOD.nodes)
}
OPERAND_COUNT = len(list(chain.from_iterable(node.operands for node in GRAPH_OF_GOOD.nodes))) + 2


def at(section: int, offset: int, value: int, size: int) -> Change:
    """Overwrites a number in a section."""
    return lambda data: put(data, int(section_entry(data, section)["offset"]) + offset, value, size) and None  # type: ignore[func-returns-value]


def graph_field(label: str, value: int) -> Change:
    kind, offset = GRAPH.fields[label][:2]  # type: ignore[index]
    return at(FIRST, offset, value, kind.itemsize)


def tensor(number: int, label: str, value: int) -> Change:
    kind, offset = TENSOR.fields[label][:2]  # type: ignore[index]
    return at(FIRST + 1, number * TENSOR_SIZE + offset, value, kind.itemsize)


def node(name: str, label: str, value: int) -> Change:
    offset = NODE.fields[label][1]  # type: ignore[index]
    return at(FIRST + 2, NODES[name] * NODE_SIZE + offset, value, 4)


def operand(number: int, value: int) -> Change:
    return at(FIRST + 3, 4 * number, value, 4)


def rewritten(change: Callable[[Graph], Graph]) -> Change:
    """The same layers with another graph."""

    def apply(data: bytearray) -> None:
        data[:] = b"".join(packed_chunks(NETWORK.layers, TEXTS, change(GRAPH_OF_GOOD)))

    return apply


def with_node(name: str, **changes: object) -> Change:
    def change(graph: Graph) -> Graph:
        nodes = [replace(one, **changes) if one.name == name else one for one in graph.nodes]  # type: ignore[arg-type]
        return replace(graph, nodes=tuple(nodes))

    return rewritten(change)


def moved(number: int, onto: int, by: int = 0) -> Change:
    """A tensor at another one's offset."""

    def change(graph: Graph) -> Graph:
        tensors = list(graph.tensors)
        tensors[number] = replace(tensors[number], offset=tensors[onto].offset + by)
        return replace(graph, tensors=tuple(tensors))

    return rewritten(change)


def operand_of(name: str, number: int) -> str:
    return f"operands[{OPERANDS_BEFORE[name] + number}]"


def with_operand(name: str, number: int, value: int) -> Change:
    return operand(OPERANDS_BEFORE[name] + number, value)


def place(name: str) -> str:
    return f"nodes[{NODES[name]}]"


def field(name: str, label: str) -> str:
    return f"{place(name)}.{label}"


def made_by(name: str) -> int:
    return GRAPH_OF_GOOD.output_of(NODES[name])


def scores_name_from_head(data: bytearray) -> None:
    """Lets the name of the last node begin where that of the one before it does."""
    begin = int(section_entry(data, FIRST + 2)["offset"]) + NODES["head"] * NODE_SIZE
    node("scores", "name_offset", int.from_bytes(data[begin : begin + 4], "little"))(data)


def with_a_table(sections: list[Section]) -> None:
    sections[FIRST + 4] = replace(sections[FIRST + 4], data=memoryview(bytes(256)))


def without_last_arrays(sections: list[Section]) -> None:
    del sections[FIRST - 2 : FIRST]


def with_last_arrays_twice(sections: list[Section]) -> None:
    sections[FIRST:FIRST] = sections[FIRST - 2 : FIRST]


CASES: dict[str, tuple[str, Change]] = {
    "padding of the table": ("table_padding", byte(HEADER_SIZE + SECTIONS * SECTION_SIZE, 1)),
    "sections without the flag": (f"sections[{FIRST}].kind", header("flags", 0)),
    "graph not last": (f"sections[{FIRST}].kind", entry(FIRST, "kind", 6)),
    "tensors and nodes changed places": (f"sections[{FIRST + 1}].kind", both(
        entry(FIRST + 1, "kind", 18), entry(FIRST + 2, "kind", 17))),
    "graph of a layer": (f"sections[{FIRST}].layer", entry(FIRST, "layer", 0)),
    "operands of a layer": (f"sections[{FIRST + 3}].layer", entry(FIRST + 3, "layer", 3)),
    "a layer's sections missing": (f"sections[{FIRST - 2}].kind", relaid(without_last_arrays)),
    "sections of no layer": ("section_count", relaid(with_last_arrays_twice)),
    "graph record too long": (f"sections[{FIRST}].size", entry(FIRST, "size", 33)),
    "no inputs": ("graph.input_count", graph_field("input_count", 0)),
    "too many inputs": ("graph.input_count", graph_field("input_count", 65)),
    "no outputs": ("graph.output_count", graph_field("output_count", 0)),
    "too many outputs": ("graph.output_count", graph_field("output_count", 65)),
    "no nodes": ("graph.node_count", graph_field("node_count", 0)),
    "too many nodes": ("graph.node_count", graph_field("node_count", 4097)),
    "one operand": ("graph.operand_count", graph_field("operand_count", 1)),
    "too many operands": ("graph.operand_count", graph_field("operand_count", 65537)),
    "arena of odd size": ("graph.arena_size", graph_field("arena_size", GRAPH_OF_GOOD.arena_size + 4)),
    "arena too large": ("graph.arena_size", graph_field("arena_size", 2**32 + 64)),
    "arena that overflows": ("graph.arena_size", graph_field("arena_size", 2**64 - 64)),
    "reserved of the graph": ("graph.reserved", graph_field("reserved", 1)),
    "tensors against counts": (f"sections[{FIRST + 1}].size", graph_field("input_count", 3)),
    "nodes against counts": (f"sections[{FIRST + 2}].size", both(
        graph_field("node_count", 11), graph_field("input_count", 3))),
    "operands against counts": (f"sections[{FIRST + 3}].size", graph_field("operand_count", OPERAND_COUNT + 1)),
    "tensor rank": ("tensors[2].rank", tensor(2, "rank", 3)),
    "no batch": ("tensors[0].batch", tensor(0, "batch", 0)),
    "batch too large": ("tensors[0].batch", tensor(0, "batch", 65536)),
    "no tensor channels": ("tensors[3].channels", tensor(3, "channels", 0)),
    "too many tensor channels": ("tensors[3].channels", tensor(3, "channels", 2**24 + 1)),
    "no height": ("tensors[3].height", tensor(3, "height", 0)),
    "width too large": ("tensors[3].width", tensor(3, "width", 65536)),
    "vectors with a height": ("tensors[13].height", tensor(13, "height", 2)),
    "vectors with a width": ("tensors[12].width", tensor(12, "width", 5)),
    "another batch": ("tensors[5].batch", tensor(5, "batch", 2)),
    "too many elements": ("tensors[4].channels", both(
        tensor(4, "channels", 2**16), tensor(4, "height", 2**15), tensor(4, "width", 1))),
    "elements that overflow": ("tensors[4].channels", both(
        tensor(4, "channels", 2**24), tensor(4, "height", 65535), tensor(4, "width", 65535))),
    "tables": (f"sections[{FIRST + 4}].size", relaid(with_a_table)),
    "tensor of int8 without a scale": ("tensors[7].scale", tensor(7, "dtype", 2)),
    "tensor of dtype 3": ("tensors[7].dtype", tensor(7, "dtype", 3)),
    "scale of a tensor": ("tensors[7].scale", tensor(7, "scale", 0x3F800000)),
    "scale NaN": ("tensors[7].scale", tensor(7, "scale", 0x7FC00000)),
    "zero point of a tensor": ("tensors[7].zero_point", tensor(7, "zero_point", 1)),
    "reserved of a tensor": ("tensors[7].reserved", tensor(7, "reserved", 1)),
    "offset between": ("tensors[6].offset", tensor(6, "offset", 4)),
    "tensor beyond the arena": ("tensors[6].offset", tensor(6, "offset", GRAPH_OF_GOOD.arena_size)),
    "tensor far beyond the arena": ("tensors[6].offset", tensor(6, "offset", 2**64 - 64)),
    "a tensor larger than the arena": ("tensors[2].offset", tensor(2, "channels", 2**20)),
    "node name elsewhere": (field("pool", "name_offset"), node("pool", "name_offset", 0)),
    "empty node name": (field("head", "name_size"), both(
        node("head", "name_size", 0),
        scores_name_from_head,
        node("scores", "name_size", 10))),
    "op 0": (field("add", "op"), node("add", "op", 0)),
    "op 11": (field("add", "op"), node("add", "op", 11)),
    "operands elsewhere": (field("add", "operand_begin"), node("add", "operand_begin", 0)),
    "no operands": (field("conv", "operand_count"), node("conv", "operand_count", 0)),
    "three operands of a layer": (field("conv", "operand_count"), node("conv", "operand_count", 3)),
    "one operand of an addition": (field("add", "operand_count"), node("add", "operand_count", 1)),
    "two operands of a pooling": (field("pool", "operand_count"), node("pool", "operand_count", 2)),
    "operand count that overflows": (field("join", "operand_count"), node("join", "operand_count", 2**32 - 1)),
    "operands of a concatenation reach into the outputs": (
        field("join", "operand_count"), node("join", "operand_count", OPERAND_COUNT - OPERANDS_BEFORE["join"] - 1)),
    "a node that uses itself": ("operands[0]", operand(0, 2)),
    "a cycle": (f"operands[{OPERANDS_BEFORE['pool']}]", operand(OPERANDS_BEFORE["pool"], made_by("add"))),
    "no such tensor": (f"operands[{OPERANDS_BEFORE['head']}]", operand(OPERANDS_BEFORE["head"], 2**32 - 1)),
    "no such layer": (field("head", "layer"), node("head", "layer", 4)),
    "a layer node without layer": (field("conv", "layer"), node("conv", "layer", 2**32 - 1)),
    "layer of an addition": (field("add", "layer"), node("add", "layer", 0)),
    "activation of a layer node": (field("conv", "activation"), node("conv", "activation", 1)),
    "activation 7": (field("add", "activation"), node("add", "activation", 7)),
    "activation that does nothing": (field("gate", "activation"), node("gate", "activation", 0)),
    "activation of a pooling": (field("pool", "activation"), node("pool", "activation", 1)),
    "flags of a maximum": (field("pool", "flags"), node("pool", "flags", 1)),
    "flags of a mean": (field("mean", "flags"), node("mean", "flags", 2)),
    "window of an addition": (field("add", "stride_w"), node("add", "stride_w", 1)),
    **{f"window too large, {label}": (field("mean", label), node("mean", label, 65536)) for label in WINDOW},
    "table of a node": (field("gate", "table"), node("gate", "table", 0)),
    "reserved of a node": (field("gate", "reserved"), node("gate", "reserved", 1)),
    "scale before a table of fp32": (field("gate", "before_scale"), node("gate", "before_scale", 0x3F800000)),
    "zero point before a table of fp32": (field("gate", "before_zero_point"), node("gate", "before_zero_point", 1)),
    "no window": (field("pool", "kernel_h"), node("pool", "kernel_h", 0)),
    "no step": (field("pool", "stride_w"), node("pool", "stride_w", 0)),
    "channels of a layer": ("operands[0]", operand(0, 1)),
    "an image into a linear layer": (f"operands[{OPERANDS_BEFORE['point']}]", record(2, "rank", 2)),
    "an image smaller than the kernel": ("operands[0]", both(record(0, "dilation_h", 4), record(0, "dilation_w", 1))),
    "an addend of another shape": (operand_of("point", 1), with_operand("point", 1, 8)),
    "an addition of another shape": (operand_of("add", 1), with_operand("add", 1, 2)),
    "scales of other channels": (operand_of("scale", 1), with_operand("scale", 1, 0)),
    "joined images of two sizes": (operand_of("join", 1), with_operand("join", 1, 2)),
    "softmax of an image": (operand_of("scores", 0), with_operand("scores", 0, 10)),
    "a window within the padding": (field("mean", "pad_h"), node("mean", "pad_h", 3)),
    "a window within the padding across": (field("mean", "pad_w"), node("mean", "pad_w", 3)),
    "a window larger than the image": (field("pool", "kernel_h"), node("pool", "kernel_h", 7)),
    "a window wider than the image": (field("pool", "kernel_w"), node("pool", "kernel_w", 7)),
    "a window below the image": (field("pool", "extra_h"), node("pool", "extra_h", 2)),
    "a window beside the image": (field("pool", "extra_w"), node("pool", "extra_w", 2)),
    "channels of a result": ("tensors[8].channels", tensor(8, "channels", 11)),
    "height of a result": ("tensors[4].height", tensor(4, "height", 2)),
    "width of a result": ("tensors[2].width", tensor(2, "width", 5)),
    "an input of another type than its layer": ("operands[0]", tensor(0, "dtype", 1)),
    "an operand of another type": (operand_of("scale", 1), tensor(1, "dtype", 1)),
    "a result of another type": ("tensors[3].dtype", tensor(3, "dtype", 1)),
    "operands of no node": ("graph.operand_count", graph_field("output_count", 1)),
    "no such output": (f"operands[{OPERAND_COUNT - 1}]", operand(OPERAND_COUNT - 1, 14)),
    "a layer that nothing applies": ("layers[1].name", with_node("depthwise", op=Op.MAX_POOL, layer=None, window=(
        next(n.window for n in GRAPH_OF_GOOD.nodes if n.name == "pool")))),
    "a tensor that nothing uses": ("tensors[4].rank", with_node("add", operands=(3, 3))),
    "an input that nothing uses": ("tensors[1].rank", with_node("scale", operands=(5, 5))),
    "inputs overlap": ("tensors[1].offset", moved(1, 0, 64)),
    "result on its operand": ("tensors[2].offset", moved(2, 0)),
    "result on a tensor that is needed later": ("tensors[7].offset", moved(7, 6)),
    "result beside the one that it may replace": ("tensors[6].offset", moved(6, 5, 64)),
    "result on an output": ("tensors[10].offset", moved(10, 6)),
    "a concatenation in place": ("tensors[8].offset", moved(8, 7)),
    "an addend in place that is the input": ("tensors[10].offset", moved(10, 9)),
    "arena larger than its tensors": ("graph.arena_size", graph_field("arena_size", GRAPH_OF_GOOD.arena_size + 64)),
}  # fmt: skip


BAD_GRAPHS = {
    **{name: BadFile(where, change, good=good_graph) for name, (where, change) in CASES.items()},
    **BAD_HALF_GRAPHS,
    **BAD_INTEGER_GRAPHS,
}
