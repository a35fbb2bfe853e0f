"""fp16 weights of a packed layer: rounded where that loses next to nothing, refused where it would lose a row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ubp_core.errors import SelectionError
from ubp_core.packed.layer import PackedLayer

LARGEST = 65_504.0
"""Largest number that fp16 has."""
SMALLEST_NORMAL = 2.0**-14
LOSS_LIMIT = 1e-3
"""Share of a row's norm whose loss is worth a note. Rounding alone loses less than half of it; more is lost where
numbers lie below the smallest normal one."""
ROUNDING = 2.0**-11
"""Largest share of a number that rounding it to fp16 takes. A row counts as lost only where what it loses, for inputs
of 1, is more than that of its bias: folded networks have dead channels, whose weights are next to nothing beside it."""


def as_type(layer: PackedLayer, dtype: str, wide_sums: bool = False) -> PackedLayer:
    """The layer with weights of this type, "fp32" or "fp16"; an fp32 layer comes back as it is.

    Raises:
        SelectionError: a weight is beyond fp16, or all weights of a row become zero in it.
    """
    return layer if dtype == "fp32" else to_half(layer, wide_sums)


def to_half(layer: PackedLayer, wide_sums: bool = False) -> PackedLayer:
    """The layer with its weights rounded to fp16, to nearest even; arguments and errors as of `as_type`."""
    largest = float(np.abs(layer.weights).max(initial=0.0))
    with np.errstate(over="ignore"):
        halves = layer.weights.astype(np.float16)
    if not np.isfinite(halves).all():
        raise SelectionError(
            f"{layer.name}: its largest weight, {largest:.6g}, is beyond fp16 ({LARGEST:.0f}); keep this layer in fp32"
        )
    rounded = replace(layer, weights=halves, wide_sums=wide_sums)
    lost = np.flatnonzero((row_norms(layer) > 0) & (row_norms(rounded) == 0) & matters(layer, rounded))
    if lost.size:
        row = np.abs(matrix(layer)[lost[0]]).max()
        raise SelectionError(
            f"{layer.name}: all weights of row {lost[0]} (the largest is {row:.3g}) become 0 in fp16; keep this layer "
            "in fp32"
        )
    return rounded


def matters(layer: PackedLayer, rounded: PackedLayer) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """[rows] whether what rounding takes from a row is more than a rounding step of its bias."""
    taken = np.abs(matrix(layer) - matrix(rounded)).sum(1)
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = taken > ROUNDING * np.abs(layer.bias)
    return found


def row_losses(layer: PackedLayer, rounded: PackedLayer) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """[rows] share of each row's norm that rounding took; 0 for a row without weights."""
    difference = matrix(layer) - matrix(rounded)
    norms = row_norms(layer)
    shares: np.ndarray[tuple[int], np.dtype[np.float64]] = np.linalg.norm(difference, axis=1) / np.where(
        norms, norms, 1
    )
    return shares


def loss_note(layer: PackedLayer, rounded: PackedLayer) -> str | None:
    """One line where rounding takes more of a row than it should; else None."""
    losses = row_losses(layer, rounded) * matters(layer, rounded)
    worst = int(np.argmax(losses))
    if losses[worst] <= LOSS_LIMIT:
        return None
    over = int((losses > LOSS_LIMIT).sum())
    return f"{layer.name}: fp16 loses {losses[worst]:.1%} of row {worst} ({over} of {layer.rows} rows above 0.1 %)"


def matrix(layer: PackedLayer) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """[rows, columns] of the masked weight, in float64."""
    return layer.unpack().reshape(layer.rows, -1).astype(np.float64)


def row_norms(layer: PackedLayer) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """[rows] Euclidean norm of each row."""
    norms: np.ndarray[tuple[int], np.dtype[np.float64]] = np.linalg.norm(matrix(layer), axis=1)
    return norms
