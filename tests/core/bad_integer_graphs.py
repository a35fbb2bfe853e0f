"""Hand-made bad networks of int8, a part of `bad_graphs`."""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import numpy as np

from bad_files import BadFile
from bad_integer_files import lengthened
from file_changes import Change, relaid
from graph_samples import graph_bytes
from integer_samples import integer_network, network_file_bytes, planned, to_integers
from packed_samples import put, random_layer, section_entry
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import HEADER, NODE, NODE_SIZE, Op
from ubp_core.packed.graph import Graph, Node, Window
from ubp_core.packed.writer import Section

NETWORK = integer_network()
assert NETWORK.graph is not None
GRAPH_OF_GOOD: Graph = NETWORK.graph
INDEX = {node.name: index for index, node in enumerate(GRAPH_OF_GOOD.nodes)}
MADE = {node.name: GRAPH_OF_GOOD.output_of(index) for index, node in enumerate(GRAPH_OF_GOOD.nodes)}
LARGE, SMALL = float(np.float32(3e38)), 2.0**-101


@functools.cache
def good_integer_graph() -> bytes:
    """The good file."""
    return network_file_bytes(NETWORK)


TABLES = int(np.frombuffer(good_integer_graph(), HEADER, 1)[0]["section_count"]) - 1
"""Index of their section."""


def rewritten(graph: Graph) -> Change:
    """The same layers with another graph."""

    def apply(data: bytearray) -> None:
        data[:] = graph_bytes(NETWORK.layers, graph)

    return apply


def made_by(name: str, **changes: object) -> Change:
    """Another tensor in the place of the one that a node makes."""
    tensors = list(GRAPH_OF_GOOD.tensors)
    tensors[MADE[name]] = replace(tensors[MADE[name]], **changes)  # type: ignore[arg-type]
    return rewritten(replace(GRAPH_OF_GOOD, tensors=tuple(tensors)))


def with_node(name: str, **changes: object) -> Change:
    nodes = [replace(one, **changes) if one.name == name else one for one in GRAPH_OF_GOOD.nodes]  # type: ignore[arg-type]
    return rewritten(replace(GRAPH_OF_GOOD, nodes=tuple(nodes)))


def table_number(name: str, number: int) -> Change:
    """Overwrites the number of a node's table."""

    def change(data: bytearray) -> None:
        begin = int(section_entry(data, TABLES - 2)["offset"]) + INDEX[name] * NODE_SIZE
        put(data, begin + NODE.fields["table"][1], number)  # type: ignore[index]

    return change


def without_a_table(sections: list[Section]) -> None:
    sections[TABLES] = replace(sections[TABLES], data=sections[TABLES].data[:-256])


def large_mean(data: bytearray) -> None:
    """The mean of one window of 4096 x 4096, nearly all of it padding."""
    window = Window((4096, 4096), (65535, 65535), (4095, 4095))
    nodes = [replace(one, window=window) if one.name == "mean" else one for one in GRAPH_OF_GOOD.nodes]
    tensors = list(GRAPH_OF_GOOD.tensors)
    tensors[MADE["mean"]] = replace(tensors[MADE["mean"]], height=1, width=1)
    rewritten(replace(GRAPH_OF_GOOD, nodes=tuple(nodes), tensors=tuple(tensors)))(data)


def operand(name: str, number: int = 0) -> str:
    begin = sum(len(other.operands) for other in GRAPH_OF_GOOD.nodes[: INDEX[name]])
    return f"operands[{begin + number}]"


def node(name: str, label: str) -> str:
    return f"nodes[{INDEX[name]}].{label}"


def tensor(name: str, label: str) -> str:
    return f"tensors[{MADE[name]}].{label}"


def scale_of(name: str) -> float:
    """Of what a node is given."""
    return GRAPH_OF_GOOD.tensors[GRAPH_OF_GOOD.nodes[INDEX[name]].operands[0]].scale


CASES: dict[str, tuple[str, Change]] = {
    "bytes without a scale": (tensor("conv", "scale"), made_by("conv", scale=0.0)),
    "scale of bytes too small": (tensor("conv", "scale"), made_by("conv", scale=SMALL)),
    "scale of bytes NaN": (tensor("conv", "scale"), made_by("conv", scale=math.nan)),
    "infinite scale of bytes": (tensor("conv", "scale"), made_by("conv", scale=math.inf)),
    "negative scale of bytes": (tensor("conv", "scale"), made_by("conv", scale=-0.5)),
    "zero point 256": (tensor("conv", "zero_point"), made_by("conv", zero_point=256)),
    "zero point -1": (tensor("conv", "zero_point"), made_by("conv", zero_point=-1)),
    "scale of halves": (tensor("half", "scale"), made_by("half", scale=0.5)),
    "zero point of fp32": (tensor("scores", "zero_point"), made_by("scores", zero_point=3)),
    "a layer of int8 twice": (node("depthwise", "layer"), with_node("depthwise", layer=0)),
    "a layer of int8 on fp32": (operand("conv"), with_node("conv", operands=(0,))),
    "a layer of int8 that makes fp16": (
        tensor("conv", "dtype"), made_by("conv", dtype="fp16", scale=0.0, zero_point=0)),
    "a layer with a table that makes fp32": (
        tensor("depthwise", "dtype"), made_by("depthwise", dtype="fp32", scale=0.0, zero_point=0)),
    "an addition of bytes that makes fp32": (
        tensor("add", "dtype"), made_by("add", dtype="fp32", scale=0.0, zero_point=0)),
    "softmax of bytes": (operand("scores"), made_by("head", dtype="int8", scale=0.5)),
    "a maximum of another scale": (tensor("pool", "scale"), made_by("pool", scale=0.5)),
    "a maximum of another zero point": (
        tensor("pool", "zero_point"),
        made_by("pool", zero_point=(GRAPH_OF_GOOD.tensors[MADE["pool"]].zero_point + 1) % 256)),
    "flattened bytes of another scale": (tensor("flatten", "scale"), made_by("flatten", scale=0.5)),
    "a mean of too many": (node("mean", "kernel_h"), large_mean),
    "no table": (node("add", "table"), with_node("add", table=None)),
    "no table of an activation": (node("gate", "table"), with_node("gate", table=None)),
    "a table of a clamp": (node("sum", "table"), with_node("sum", table=bytes(256))),
    "a table of fp32": (node("sums", "table"), with_node("sums", table=bytes(256))),
    "table of another node": (node("add", "table"), table_number("add", 0)),
    "table that comes later": (node("add", "table"), table_number("add", 2)),
    "a table too few": (node("scale", "table"), relaid(without_a_table)),
    "a table too many": (f"sections[{TABLES}].size", lengthened(TABLES, 256)),
    "half a table": (f"sections[{TABLES}].size", lengthened(TABLES, 128)),
    "nothing before a table": (node("add", "before_scale"), with_node("add", before_scale=0.0)),
    "infinite before a table": (node("depthwise", "before_scale"), with_node("depthwise", before_scale=math.inf)),
    "zero point before a table": (node("scale", "before_zero_point"), with_node("scale", before_zero_point=256)),
    "scale before a clamp": (node("sum", "before_scale"), with_node("sum", before_scale=0.5)),
    "zero point before a clamp": (node("sum", "before_zero_point"), with_node("sum", before_zero_point=1)),
    "scale before an activation": (node("gate", "before_scale"), with_node("gate", before_scale=0.5)),
    "NaN before nothing": (node("pool", "before_scale"), with_node("pool", before_scale=math.nan)),
    "factor of a row": ("layers[0].scales[0]", made_by("conv", scale=LARGE)),
    "factor of an addition": (operand("sum"), made_by("sum", scale=LARGE)),
    "factor before a table": (operand("add"), with_node("add", before_scale=LARGE)),
    "factor of a product": (operand("scale"), with_node("scale", before_scale=LARGE)),
    "factor of a clamp": (operand("clamp"), made_by("clamp", scale=LARGE)),
    "factor of a mean": (operand("mean"), made_by("mean", scale=float(np.float32(scale_of("mean") * 2.0**125)))),
    "factor of joined bytes": (operand("join"), made_by("join", scale=LARGE)),
    "factor of a conversion": (tensor("half.int8", "scale"), made_by("half.int8", scale=LARGE)),
}  # fmt: skip


def sum_of_bytes() -> PackedFile:
    """Two layers of int8; the second adds what the first makes to its result, which is fp32."""
    rng = np.random.default_rng(29)
    one, two = (to_integers(rng, random_layer(rng, (4, 4), 0, name=name)) for name in ("one", "two"))
    nodes = (
        (Node("input.int8", Op.CONVERT, (0,)), "int8"),
        (Node("one", Op.LAYER, (1,), layer=0), "int8"),
        (Node("two", Op.LAYER, (1, 2), layer=1), "fp32"),
    )
    return planned(rng, [(4, 1, 1)], nodes, (3,), (one, two))


def good_sum() -> bytes:
    return network_file_bytes(sum_of_bytes())


def fp32_on_its_addend(data: bytearray) -> None:
    network = sum_of_bytes()
    assert network.graph is not None
    tensors = list(network.graph.tensors)
    assert tensors[3].offset != tensors[2].offset
    tensors[3] = replace(tensors[3], offset=tensors[2].offset)
    data[:] = graph_bytes(network.layers, replace(network.graph, tensors=tuple(tensors)))


BAD_INTEGER_GRAPHS = {
    **{name: BadFile(where, change, good=good_integer_graph) for name, (where, change) in CASES.items()},
    "fp32 on an addend of bytes": BadFile("tensors[3].offset", fp32_on_its_addend, good=good_sum),
}
