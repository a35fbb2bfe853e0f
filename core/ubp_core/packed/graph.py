"""The graph of a network in a packed file: tensors in one arena, nodes in the order in which they run.

Owns the values and what follows from them alone. Bytes are `graph_writer` and `graph_reader`; what a
node computes is said in docs/format.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ubp_core.packed.format import ELEMENT_TYPES, Op, align

ELEMENT_BYTES = {dtype: np.dtype(element).itemsize for dtype, element in ELEMENT_TYPES.items()}
"""Bytes of a number of each dtype."""


def tensor_bytes(elements: int, dtype: str) -> int:
    """Bytes that an array takes in the arena: a multiple of 64."""
    return align(ELEMENT_BYTES[dtype] * elements)


@dataclass(frozen=True)
class Tensor:
    """Type, shape and place of one array, planar."""

    rank: int
    """4 for an image [batch, channels, height, width], 2 for vectors [batch, channels]."""
    batch: int
    channels: int
    height: int = 1
    width: int = 1
    offset: int = 0
    """Bytes from the begin of the arena, a multiple of 64."""
    dtype: str = "fp32"
    """Of its elements: "fp32", "fp16" or "int8"."""
    scale: float = 0.0
    """Of int8: byte `q` means `scale * (q - zero_point)`; exactly an fp32 number. 0 for other types."""
    zero_point: int = 0
    """Of int8, 0 to 255."""

    @property
    def shape(self) -> tuple[int, ...]:
        """As an array has it: four numbers, or two."""
        return (self.batch, self.channels, self.height, self.width)[: self.rank]

    @property
    def chw(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return self.channels, self.height, self.width

    @property
    def elements(self) -> int:
        """How many numbers it has."""
        return self.batch * self.channels * self.height * self.width

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in the arena: a multiple of 64."""
        return tensor_bytes(self.elements, self.dtype)

    def overlaps(self, other: Tensor) -> bool:
        """Whether the two share a byte of the arena."""
        return self.offset < other.offset + other.nbytes and other.offset < self.offset + self.nbytes


@dataclass(frozen=True)
class Window:
    """The window of a pooling node."""

    kernel: tuple[int, int]
    """Height and width."""
    stride: tuple[int, int]
    """Step: down, across."""
    padding: tuple[int, int] = (0, 0)
    """Rows above and below the image, columns to the left and right of it."""
    extra: tuple[int, int] = (0, 0)
    """More rows below, more columns to the right."""

    @property
    def numbers(self) -> tuple[int, ...]:
        """In the order of the record, `format.WINDOW`."""
        return (*self.kernel, *self.stride, *self.padding, *self.extra)


@dataclass(frozen=True)
class Node:
    """One operation. It makes exactly one tensor."""

    name: str
    """Place in the model, not always unique."""
    op: Op
    operands: tuple[int, ...]
    """Numbers of the tensors that it uses."""
    layer: int | None = None
    """Number of the layer that Op.LAYER applies."""
    activation: str = "none"
    """Of Op.ADD, MULTIPLY and ACTIVATION; a layer has its own."""
    window: Window | None = None
    """Of Op.MAX_POOL and AVERAGE_POOL."""
    counts_padding: bool = False
    """Op.AVERAGE_POOL: whether the divisor counts the padding."""
    table: bytes | None = None
    """[256] of what makes int8 with an activation that is no clamp: the result for each byte before the activation."""
    before_scale: float = 0.0
    """Of Op.LAYER, ADD and MULTIPLY with a table: what the bytes before the activation mean."""
    before_zero_point: int = 0
    """Likewise."""


@dataclass(frozen=True)
class Graph:
    """A network: node `i` makes tensor `input_count + i` from tensors before it."""

    tensors: tuple[Tensor, ...]
    """The network's inputs, then what each node makes."""
    nodes: tuple[Node, ...]
    """In the order in which they run."""
    outputs: tuple[int, ...]
    """Numbers of the tensors that the caller reads."""

    @property
    def input_count(self) -> int:
        """How many tensors the caller fills: the first ones."""
        return len(self.tensors) - len(self.nodes)

    @property
    def arena_size(self) -> int:
        """Bytes of memory in which all tensors lie."""
        return max(tensor.offset + tensor.nbytes for tensor in self.tensors)

    def output_of(self, node: int) -> int:
        """Number of the tensor that a node makes."""
        return self.input_count + node

    def last_uses(self) -> list[int]:
        """[tensors] the last node that uses each; the number of nodes for an output of the network, -1 for none."""
        return last_uses([node.operands for node in self.nodes], self.outputs, len(self.tensors))


def last_uses(operands: Sequence[Sequence[int]], outputs: Sequence[int], tensor_count: int) -> list[int]:
    """As `Graph.last_uses`, from the operands of each node."""
    last = [-1] * tensor_count
    for index, used in enumerate(operands):
        for tensor in used:
            last[tensor] = index
    for tensor in outputs:
        last[tensor] = len(operands)
    return last


def in_place_operands(op: Op, operands: Sequence[int], shapes: Sequence[tuple[int, int, int]]) -> tuple[int, ...]:
    """The operands whose bytes a node may give to its result, if nothing else needs them any more.

    Args:
        op: what the node does.
        operands: numbers of its tensors.
        shapes: channels, height and width of each operand.
    """
    if op == Op.LAYER:
        return tuple(tensor for tensor in operands[1:] if tensor != operands[0])
    if op in (Op.ADD, Op.MULTIPLY):
        return tuple(tensor for tensor, shape in zip(operands, shapes, strict=True) if shape == shapes[0])
    return tuple(operands) if op in (Op.ACTIVATION, Op.FLATTEN, Op.SOFTMAX) else ()
