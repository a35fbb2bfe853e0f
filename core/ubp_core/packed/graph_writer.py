"""Lays out the four sections of a graph. Part of the writer; checks no rule."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import FileError
from ubp_core.packed.format import GRAPH, NO_LAYER, NO_TABLE, NODE, TENSOR, WINDOW
from ubp_core.packed.graph import Graph, Node, Tensor, Window
from ubp_core.vocabulary import ACTIVATIONS, DTYPES

AddText = Callable[[str, str], tuple[int, int]]
NO_WINDOW = Window((0, 0), (0, 0))


def graph_section_bytes(graph: Graph, add_text: AddText) -> tuple[bytes, bytes, bytes, bytes, bytes]:
    """Bytes of graph, tensors, nodes, operands and tables, of which there are none yet.

    Args:
        graph: what to write.
        add_text: appends a text for the field that an error would name; returns its offset and size.

    Raises:
        FileError: a number does not fit its field.
    """
    operands = [*chain.from_iterable(node.operands for node in graph.nodes), *graph.outputs]
    head = dict(
        input_count=graph.input_count,
        output_count=len(graph.outputs),
        node_count=len(graph.nodes),
        operand_count=len(operands),
        arena_size=graph.arena_size,
    )
    tensors = [tensor_numbers(tensor) for tensor in graph.tensors]
    nodes, begin = [], 0
    for index, node in enumerate(graph.nodes):
        nodes.append(node_numbers(node, begin, add_text(node.name, f"nodes[{index}].name")))
        begin += len(node.operands)
    return (
        records([head], GRAPH, "graph"),
        records(tensors, TENSOR, "tensors"),
        records(nodes, NODE, "nodes"),
        records([{"tensor": tensor} for tensor in operands], np.dtype([("tensor", "<u4")]), "operands"),
        b"",
    )


def tensor_numbers(t: Tensor) -> dict[str, int]:
    """A tensor's record."""
    dtype = DTYPES.index(t.dtype)
    numbers = dict(rank=t.rank, batch=t.batch, channels=t.channels, height=t.height, width=t.width)
    return numbers | dict(dtype=dtype, offset=t.offset)


def node_numbers(node: Node, operand_begin: int, name: tuple[int, int]) -> dict[str, int]:
    """A node's record."""
    numbers = dict(
        name_offset=name[0],
        name_size=name[1],
        op=int(node.op),
        operand_begin=operand_begin,
        operand_count=len(node.operands),
        layer=NO_LAYER if node.layer is None else node.layer,
        activation=ACTIVATIONS.index(node.activation),
        flags=int(node.counts_padding),
        table=NO_TABLE,
    )
    return numbers | dict(zip(WINDOW, (node.window or NO_WINDOW).numbers, strict=True))


def records(rows: list[dict[str, int]], kind: np.dtype[np.void], label: str) -> bytes:
    """Records of one kind, back to back."""
    array: NDArray[np.void] = np.zeros(len(rows), kind)
    for index, row in enumerate(rows):
        try:
            for field, value in row.items():
                array[field][index] = value
        except (OverflowError, ValueError) as error:
            raise FileError(f"{label}[{index}].{field}: {value!r} can't be stored") from error
    return array.tobytes()
