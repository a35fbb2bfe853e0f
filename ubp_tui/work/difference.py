"""Two selections of one layer laid against each other: which weights both keep, only one, or neither.

Nothing is chosen here; the two selections come laid out for drawing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ubp_tui.work.basis import BINS
from ubp_tui.work.source import MapSource, sum_coarsely

NEITHER, LEFT, RIGHT, BOTH = 0, 1, 2, 3
CLASS_NAMES: Final = {BOTH: "kept by both", LEFT: "only left", RIGHT: "only right", NEITHER: "neither"}
"""The four classes in the order in which they are told."""
_STRIP_ROWS: Final = 64
"""Rows that are summed at a time: numpy counts with the interpreter held, and keys must get their turn."""


@dataclass(frozen=True)
class ClassShare:
    """What one class holds of a layer."""

    weights: int
    """Number of weights."""
    importance: float
    """Sum of their importance."""
    weight_share: float
    """Share of the layer's weights, 0..1."""
    importance_share: float
    """Share of the layer's importance, 0..1; 0 where there is none."""


@dataclass(frozen=True, eq=False)
class Difference:
    """Two selections of one layer, laid against each other."""

    classes: NDArray[np.uint8]
    """NEITHER, LEFT, RIGHT or BOTH of every weight, uint8 [R, K], columns as they are drawn."""
    parts: dict[int, MapSource]
    """The layer as if only the weights of a class were kept, for LEFT, RIGHT and BOTH."""
    shares: dict[int, ClassShare]
    """What every class holds."""
    histogram: NDArray[np.int64]
    """Weights by class and bin of the importance histogram, [4, BINS]."""


def build_difference(left: MapSource, right: MapSource) -> Difference:
    """Lay two selections of one layer against each other; columns must stand in the same order.

    Args:
        left, right: the same layer, [R, K].
    """
    classes = _mask(left) + 2 * _mask(right)
    parts = {}
    for kind in (LEFT, RIGHT, BOTH):
        position = (classes == kind).view(np.uint8)
        parts[kind] = replace(
            left, position=position, block_size=1, block_columns=1, coarse=sum_coarsely(left.importance, position)
        )
    return Difference(classes, parts, _sum_classes(classes, left.importance), _count_bins(classes, left.bins))


def _mask(source: MapSource) -> NDArray[np.uint8]:
    """1 where a weight stays, uint8 [R, K]."""
    if source.position is None:
        return np.ones(source.shape, np.uint8)
    return (source.position > 0).view(np.uint8)


def _sum_classes(classes: NDArray[np.uint8], importance: NDArray[np.float32]) -> dict[int, ClassShare]:
    """Count weights and sum importance by class, in double precision."""
    counts, sums = np.zeros(4, np.int64), np.zeros(4)
    for first in range(0, len(classes), _STRIP_ROWS):
        strip = classes[first : first + _STRIP_ROWS].reshape(-1)
        counts += np.bincount(strip, minlength=4)
        sums += np.bincount(strip, importance[first : first + _STRIP_ROWS].reshape(-1), minlength=4)
    total = float(sums.sum()) or 1.0
    return {
        kind: ClassShare(int(counts[kind]), float(sums[kind]), counts[kind] / classes.size, float(sums[kind]) / total)
        for kind in CLASS_NAMES
    }


def _count_bins(classes: NDArray[np.uint8], bins: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count weights by class and bin, [4, BINS]."""
    counts = np.zeros(4 * BINS, np.int64)
    for first in range(0, len(classes), _STRIP_ROWS):
        rows = slice(first, first + _STRIP_ROWS)
        place = classes[rows].astype(np.uint16) * np.uint16(BINS) + bins[rows]
        counts += np.bincount(place.reshape(-1), minlength=4 * BINS)
    return counts.reshape(4, BINS)
