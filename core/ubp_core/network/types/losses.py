"""What rounding takes from weights, by their type: a look ahead, before anything is packed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ubp_core.network.types.half import SMALLEST_NORMAL
from ubp_core.vocabulary import INT8

LARGEST_STEP = 127
"""Of an int8 weight, in steps of its row's scale."""


@dataclass(frozen=True)
class WeightLosses:
    """What rounding to a type does to weights."""

    largest: float
    """Largest weight, without its sign; of fp16, an export is refused where it is above `half.LARGEST`."""
    share: float
    """Norm of what is taken, as a share of the norm of all weights; infinite where one is beyond fp16."""
    worst_row: int
    worst_row_share: float
    """The largest share of a row's norm."""
    zeros: int
    """Weights that become 0."""
    subnormal: int
    """Weights below fp16's smallest normal number, which keep fewer digits; those that become 0 not counted."""


def weight_losses(weights: NDArray[np.float32], dtype: str) -> WeightLosses:
    """Of a matrix [rows, columns] in which pruned weights are 0, in "fp16", or in "int8" with each to its nearest."""
    before = np.abs(weights.astype(np.float64))
    after = _nearest_steps(before) if dtype == INT8 else _nearest_halves(before)
    taken, norms = np.linalg.norm(before - after, axis=1), np.linalg.norm(before, axis=1)
    rows = taken / np.where(norms, norms, 1)
    worst = int(np.argmax(rows))
    small = (before < SMALLEST_NORMAL) & (after > 0) & (dtype != INT8)
    return WeightLosses(
        largest=float(before.max(initial=0.0)),
        share=float(np.linalg.norm(taken) / (np.linalg.norm(norms) or 1)),
        worst_row=worst,
        worst_row_share=float(rows[worst]),
        zeros=int(((before > 0) & (after == 0)).sum()),
        subnormal=int(small.sum()),
    )


def _nearest_halves(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        return sizes.astype(np.float16).astype(np.float64)


def _nearest_steps(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """In steps of a 127th of each row's largest."""
    steps = sizes.max(1, initial=0.0, keepdims=True) / LARGEST_STEP
    nearest: NDArray[np.float64] = np.rint(sizes / np.where(steps, steps, 1)) * steps
    return nearest
