"""fp16 weights of a packed layer: rounded where that loses next to nothing, refused where it would lose a row."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True)
class WeightLosses:
    """What rounding to fp16 does to weights."""

    largest: float
    """Largest weight, without its sign; above LARGEST an export is refused."""
    share: float
    """Norm of what is taken, as a share of the norm of all weights; infinite where one is beyond fp16."""
    worst_row: int
    worst_row_share: float
    """The largest share of a row's norm."""
    zeros: int
    """Weights that become 0."""
    subnormal: int
    """Weights below fp16's smallest normal number, which keep fewer digits; those that become 0 not counted."""


def weight_losses(weights: NDArray[np.float32]) -> WeightLosses:
    """Of a matrix [rows, columns] in which pruned weights are 0."""
    before = np.abs(weights.astype(np.float64))
    with np.errstate(over="ignore"):
        after = before.astype(np.float16).astype(np.float64)
    taken, norms = np.linalg.norm(before - after, axis=1), np.linalg.norm(before, axis=1)
    rows = taken / np.where(norms, norms, 1)
    worst = int(np.argmax(rows))
    return WeightLosses(
        largest=float(before.max(initial=0.0)),
        share=float(np.linalg.norm(taken) / (np.linalg.norm(norms) or 1)),
        worst_row=worst,
        worst_row_share=float(rows[worst]),
        zeros=int(((before > 0) & (after == 0)).sum()),
        subnormal=int(((before < SMALLEST_NORMAL) & (after > 0)).sum()),
    )


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
