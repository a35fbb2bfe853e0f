"""Judges what nodes of int8 have beside others: scales that stay, tables, factors. docs/format.md has the rules.

Part of the reader: `graph_reader` has checked operands, shapes and types before.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import FileError
from ubp_core.packed.format import (
    CLAMPS,
    LARGEST_BYTE,
    MAX_MEAN,
    NO_TABLE,
    SMALLEST_FACTOR,
    SMALLEST_SCALE,
    TABLE_SIZE,
    Op,
)
from ubp_core.packed.graph import Node, Tensor
from ubp_core.packed.layer import PackedLayer
from ubp_core.vocabulary import INT8

SAME_SCALE = (Op.MAX_POOL, Op.FLATTEN)
"""Operations whose result has the scale and zero point of their operand."""
TABLE_OPS = (Op.LAYER, Op.ADD, Op.MULTIPLY)
"""Operations whose activation, where it is a table, is given bytes that are no tensor."""


def check_affine(scale: float, zero_point: int, fields: tuple[str, str]) -> None:
    """What bytes mean is in its range.

    Args:
        scale: of the bytes.
        zero_point: likewise.
        fields: of both, for the error.
    """
    if not (math.isfinite(scale) and scale >= SMALLEST_SCALE):
        raise FileError(f"{fields[0]}: is not a finite number of at least 2^-100")
    if not 0 <= zero_point <= LARGEST_BYTE:
        raise FileError(f"{fields[1]}: {zero_point} is outside 0..{LARGEST_BYTE}")


@dataclass(frozen=True)
class Place:
    """Where in the file a node stands, for errors."""

    node: int
    result: int
    """Number of the tensor that it makes."""
    operand_begin: int


def activation_behind(node: Node, layer: PackedLayer | None) -> str:
    """Of a node, or of the layer that it applies."""
    return node.activation if layer is None else layer.activation


def makes_numbers(layer: PackedLayer | None, result: Tensor) -> bool:
    """Whether a layer of int8 makes fp32, as it may where its activation is a clamp."""
    return layer is not None and layer.dtype == INT8 and result.dtype == "fp32" and layer.activation in CLAMPS


def needs_table(node: Node, layer: PackedLayer | None, result: Tensor) -> bool:
    """Whether it makes int8 with an activation that is no clamp."""
    return result.dtype == INT8 and activation_behind(node, layer) not in CLAMPS


def check_same_scale(node: Node, operand: Tensor, result: Tensor, place: Place) -> None:
    """What keeps its bytes keeps what they mean; a mean is of few enough."""
    if node.op in SAME_SCALE and result.dtype == INT8:
        for label in ("scale", "zero_point"):
            if getattr(result, label) != getattr(operand, label):
                raise FileError(f"tensors[{place.result}].{label}: is not that of tensor {node.operands[0]}")
    if node.op == Op.AVERAGE_POOL and result.dtype == INT8 and window_area(node) > MAX_MEAN:
        raise FileError(f"nodes[{place.node}].kernel_h: times kernel_w is more than {MAX_MEAN}")


def window_area(node: Node) -> int:
    """Elements of a pooling node's window."""
    assert node.window is not None
    return node.window.kernel[0] * node.window.kernel[1]


class TableReader:
    """Takes the tables from their section, in the order of the nodes that have one."""

    def __init__(self, data: bytes, section: int) -> None:
        """Args: the section's bytes, a multiple of 256, and its index."""
        self._data = data
        self._section = section
        self._taken = 0

    def take(self, number: int, needed: bool, where: str) -> bytes | None:
        """The table of a node.

        Args:
            number: as its record has it.
            needed: whether it must have one.
            where: the node, for the error.
        """
        if not needed:
            if number != NO_TABLE:
                raise FileError(f"{where}.table: {number} is a table, which this node has not")
            return None
        count = len(self._data) // TABLE_SIZE
        if number != self._taken or number >= count:
            raise FileError(f"{where}.table: is {number}; it must be {self._taken}, and there are {count} tables")
        self._taken += 1
        return self._data[TABLE_SIZE * number : TABLE_SIZE * (number + 1)]

    def finish(self) -> None:
        """Refuses tables that no node has."""
        rest = len(self._data) // TABLE_SIZE - self._taken
        if rest:
            raise FileError(f"sections[{self._section}].size: {rest} tables belong to no node")


def check_before(node: Node, where: str) -> None:
    """What the bytes before a table mean, where they are no tensor."""
    if node.op in TABLE_OPS and node.table is not None:
        check_affine(node.before_scale, node.before_zero_point, (f"{where}.before_scale", f"{where}.before_zero_point"))
        return
    for label in ("before_scale", "before_zero_point"):
        if getattr(node, label) != 0:
            raise FileError(f"{where}.{label}: is not 0, as without a table")


def check_factors(
    node: Node, operands: Sequence[Tensor], result: Tensor, layer: PackedLayer | None, place: Place
) -> None:
    """Every factor of the node is a normal fp32 number."""
    if node.op == Op.CONVERT:
        if result.dtype == INT8:
            check_factor(1.0, result.scale, f"tensors[{place.result}].scale")
        return
    if operands[0].dtype != INT8:
        return
    before = node.op in TABLE_OPS and node.table is not None
    unit = node.before_scale if before else result.scale if result.dtype == INT8 else 1.0
    if node.op == Op.LAYER:
        assert layer is not None
        check_rows(operands[0].scale, layer, unit, f"layers[{node.layer}].scales")
    for number, product, divisor in factors_of(node, [operand.scale for operand in operands], unit):
        check_factor(product, divisor, f"operands[{place.operand_begin + number}]")


def check_rows(given: float, layer: PackedLayer, unit: float, field: str) -> None:
    """The factor of every row of a layer."""
    normal = is_normal(given * layer.scales.astype(np.float64) / unit)
    if not normal.all():
        raise FileError(f"{field}[{int(np.argmin(normal))}]: makes a factor that is no normal number")


def check_factor(product: float, divisor: float, field: str) -> None:
    """One factor."""
    if not is_normal(np.float64(product) / np.float64(divisor)).all():
        raise FileError(f"{field}: makes a factor that is no normal number")


def is_normal(quotients: NDArray[np.float64] | np.float64) -> NDArray[np.bool_]:
    """Whether each, rounded to fp32, is a normal number."""
    with np.errstate(over="ignore", under="ignore"):
        factors = np.float32(quotients)
    found: NDArray[np.bool_] = np.isfinite(factors) & (factors >= SMALLEST_FACTOR)
    return found


def factors_of(node: Node, scales: Sequence[float], unit: float) -> Iterator[tuple[int, float, float]]:
    """Of an operation on int8: which operand, and what is divided by what. Rows of layers are not among them."""
    if node.op in (Op.ADD, Op.CONCAT) or (node.op == Op.ACTIVATION and node.table is None):
        yield from ((number, scale, unit) for number, scale in enumerate(scales))
    elif node.op == Op.LAYER:
        yield from ((number, scale, unit) for number, scale in enumerate(scales) if number)
    elif node.op == Op.MULTIPLY:
        yield 0, scales[0] * scales[1], unit
    elif node.op == Op.AVERAGE_POOL:
        yield from ((0, scales[0], unit * count) for count in (1, window_area(node)))
