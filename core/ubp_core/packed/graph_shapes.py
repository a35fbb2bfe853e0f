"""What shape a node's result has, and whether its operands fit it: the rules 8 and 9 of "Nodes" in docs/format.md.

Shared by the reader, which compares the result with the file, and by the exporter, which asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ubp_core.errors import FileError
from ubp_core.packed.format import Op
from ubp_core.packed.graph import Window

Shape = tuple[int, int, int]
"""Channels, height, width."""


class LayerGeometry(Protocol):
    """What a shape depends on in a layer."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def rows(self) -> int: ...
    @property
    def kernel(self) -> tuple[int, int]: ...
    @property
    def groups(self) -> int: ...
    @property
    def stride(self) -> tuple[int, int]: ...
    @property
    def padding(self) -> tuple[int, int]: ...
    @property
    def extra_padding(self) -> tuple[int, int]: ...
    @property
    def dilation(self) -> tuple[int, int]: ...


class ShapeError(Exception):
    """An operand or a number of the window does not fit."""

    def __init__(self, operand: int | None, label: str, reason: str) -> None:
        super().__init__(reason)
        self.operand = operand
        """Which of the node's operands, from 0; None: it is a number of the node's record."""
        self.label = label
        """That number's name in the record."""

    def as_file_error(self, node: int, operand_begin: int) -> FileError:
        """The same, with the field of the file."""
        field = f"nodes[{node}].{self.label}" if self.operand is None else f"operands[{operand_begin + self.operand}]"
        return FileError(f"{field}: {self}")


def padded_side(side: int, padding: int, extra: int) -> int:
    """Height or width of an image with its padding."""
    return side + 2 * padding + extra


def layer_result(layer: LayerGeometry, operands: Sequence[Shape]) -> Shape:
    """Shape of what a layer makes of its input, once an addend, if there is one, has it too."""
    channels, height, width = operands[0]
    if channels != layer.groups * layer.shape[1]:
        raise ShapeError(0, "", f"has {channels} channels, the layer takes {layer.groups * layer.shape[1]}")
    if len(layer.shape) == 2 and (height, width) != (1, 1):
        raise ShapeError(0, "", "is an image, the layer is linear")
    sides = []
    for axis, side in enumerate((height, width)):
        reach = layer.dilation[axis] * (layer.kernel[axis] - 1) + 1
        free = padded_side(side, layer.padding[axis], layer.extra_padding[axis]) - reach
        if free < 0:
            raise ShapeError(0, "", "is smaller than the layer's kernel")
        sides.append(free // layer.stride[axis] + 1)
    result = (layer.rows, sides[0], sides[1])
    if len(operands) > 1 and operands[1] != result:
        raise ShapeError(1, "", "has not the shape of the layer's result")
    return result


def pooled_side(side: int, window: Window, axis: int) -> int:
    """Height (axis 0) or width (1) of a pooled image; assumes that the window fits."""
    free = padded_side(side, window.padding[axis], window.extra[axis]) - window.kernel[axis]
    return free // window.stride[axis] + 1


def pool_result(window: Window, operand: Shape) -> Shape:
    """Shape of a pooled image, once every window touches the image."""
    sides = operand[1:]
    for axis, name in enumerate("hw"):
        if window.padding[axis] >= window.kernel[axis]:
            raise ShapeError(None, f"pad_{name}", "is not below the window's side")
    for axis, name in enumerate("hw"):
        if window.kernel[axis] > padded_side(sides[axis], window.padding[axis], window.extra[axis]):
            raise ShapeError(None, f"kernel_{name}", "is larger than the padded image")
    for axis, name in enumerate("hw"):
        last = (pooled_side(sides[axis], window, axis) - 1) * window.stride[axis]
        if last >= sides[axis] + window.padding[axis]:
            raise ShapeError(None, f"extra_{name}", "puts the last window behind the image")
    return operand[0], pooled_side(sides[0], window, 0), pooled_side(sides[1], window, 1)


def concat_result(operands: Sequence[Shape]) -> Shape:
    """Shape of some tensors one behind the other along the channels."""
    for number, operand in enumerate(operands):
        if operand[1:] != operands[0][1:]:
            raise ShapeError(number, "", "has not the height and width of the first")
    return sum(operand[0] for operand in operands), *operands[0][1:]


def node_result(op: Op, operands: Sequence[Shape], layer: LayerGeometry | None, window: Window | None) -> Shape:
    """Shape of what a node makes.

    Args:
        op: what it does.
        operands: their shapes, as many as the op takes.
        layer: of Op.LAYER.
        window: of the pooling ops.

    Raises:
        ShapeError: an operand does not fit.
    """
    first = operands[0]
    if op == Op.LAYER:
        assert layer is not None
        return layer_result(layer, operands)
    if op in (Op.MAX_POOL, Op.AVERAGE_POOL):
        assert window is not None
        return pool_result(window, first)
    if op in (Op.ADD, Op.MULTIPLY) and operands[1] not in (first, (first[0], 1, 1)):
        raise ShapeError(1, "", "has neither the shape of the first, nor its channels alone")
    if op == Op.FLATTEN:
        return first[0] * first[1] * first[2], 1, 1
    if op == Op.CONCAT:
        return concat_result(operands)
    if op == Op.SOFTMAX and first[1:] != (1, 1):
        raise ShapeError(0, "", "is an image, softmax takes vectors")
    return first
