"""Lays out the five sections of a graph. Part of the writer; checks no rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import FileError
from ubp_core.packed.format import GRAPH, NO_LAYER, NO_TABLE, NODE, TENSOR, WINDOW
from ubp_core.packed.graph import Graph, Node, Tensor, Window
from ubp_core.vocabulary import ACTIVATIONS, DTYPES

AddText = Callable[[str, str], tuple[int, int]]
Numbers = dict[str, int | float]
NO_WINDOW = Window((0, 0), (0, 0))


def graph_section_bytes(graph: Graph, add_text: AddText) -> tuple[bytes, bytes, bytes, bytes, bytes]:
    """Bytes of graph, tensors, nodes, operands and tables.

    Args:
        graph: what to write.
        add_text: appends a text for the field that an error would name; returns its offset and size.

    Raises:
        FileError: a number does not fit its field.
    """
    operands = [*chain.from_iterable(node.operands for node in graph.nodes), *graph.outputs]
    head: Numbers = dict(
        input_count=graph.input_count,
        output_count=len(graph.outputs),
        node_count=len(graph.nodes),
        operand_count=len(operands),
        arena_size=graph.arena_size,
    )
    tensors = [tensor_numbers(tensor) for tensor in graph.tensors]
    nodes: list[Numbers] = []
    tables: list[bytes] = []
    begin = 0
    for index, node in enumerate(graph.nodes):
        table = NO_TABLE if node.table is None else len(tables)
        nodes.append(node_numbers(node, begin, add_text(node.name, f"nodes[{index}].name"), table))
        begin += len(node.operands)
        if node.table is not None:
            tables.append(node.table)
    return (
        records([head], GRAPH, "graph"),
        records(tensors, TENSOR, "tensors"),
        records(nodes, NODE, "nodes"),
        records([{"tensor": tensor} for tensor in operands], np.dtype([("tensor", "<u4")]), "operands"),
        b"".join(tables),
    )


def tensor_numbers(t: Tensor) -> Numbers:
    """A tensor's record."""
    numbers: Numbers = dict(rank=t.rank, batch=t.batch, channels=t.channels, height=t.height, width=t.width)
    numbers |= dict(dtype=DTYPES.index(t.dtype), offset=t.offset)
    return numbers | dict(scale=t.scale, zero_point=t.zero_point)


def node_numbers(node: Node, operand_begin: int, name: tuple[int, int], table: int) -> Numbers:
    """A node's record."""
    numbers: Numbers = dict(
        name_offset=name[0],
        name_size=name[1],
        op=int(node.op),
        operand_begin=operand_begin,
        operand_count=len(node.operands),
        layer=NO_LAYER if node.layer is None else node.layer,
        activation=ACTIVATIONS.index(node.activation),
        flags=int(node.counts_padding),
        table=table,
        before_scale=node.before_scale,
        before_zero_point=node.before_zero_point,
    )
    return numbers | dict(zip(WINDOW, (node.window or NO_WINDOW).numbers, strict=True))


def records(rows: Sequence[Numbers], kind: np.dtype[np.void], label: str) -> bytes:
    """Records of one kind, back to back."""
    array: NDArray[np.void] = np.zeros(len(rows), kind)
    for index, row in enumerate(rows):
        try:
            for field, value in row.items():
                array[field][index] = value
        except (OverflowError, ValueError) as error:
            raise FileError(f"{label}[{index}].{field}: {value!r} can't be stored") from error
    return array.tobytes()
