"""What the block map draws from: a layer's arrays, prepared once per selection, off the event loop.

Nothing is chosen here: the blocks come ready-made in a Selection; this module only lays them out for drawing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ubp_core.selection import Selection

COARSE: Final = 4
"""Rows and columns that one cell of the coarse sums covers."""
DIRECT_LIMIT: Final = 1_000_000
"""Weights that a repaint may sum up itself; larger areas are summed from the coarse sums (5 ms against 40 ms)."""
_STRIP_ROWS: Final = 16 * COARSE
"""Rows that are summed at a time."""
_SAMPLES: Final = 200_000
"""Weights that are looked at for the scale of the colours; all of them would cost more than the picture."""


@dataclass(frozen=True)
class AreaSums:
    """Sums over a raster of areas."""

    kept: NDArray[np.float32]
    """Number of kept weights per area."""
    importance: NDArray[np.float32]
    """Sum of the importance of the kept weights per area."""


@dataclass(frozen=True, eq=False)
class MapSource:
    """One layer's importance and selection, laid out for drawing."""

    weight: NDArray[np.float32]
    """The layer's weights as a matrix, float32 [R, K]."""
    importance: NDArray[np.float32]
    """Importance, float32 [R, K]."""
    position: NDArray[np.uint8] | None
    """0 where pruned, else 1 + the place within the block, uint8 [R, K]; None for a layer that stays dense."""
    block_size: int
    """N; rows per block."""
    coarse: AreaSums
    """Sums over areas of COARSE x COARSE weights."""
    scale: tuple[float, float]
    """Importance at the two ends of the ramp: percentiles, so that outliers don't darken the rest."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.weight.shape[0], self.weight.shape[1]

    def block_start(self, row: int, column: int) -> int | None:
        """First row of the block that keeps this weight; None if it is pruned or the layer is dense."""
        place = 0 if self.position is None else int(self.position[row, column])
        return row - place + 1 if place else None

    def is_kept(self, row: int, column: int) -> bool:
        """Whether this weight stays."""
        return self.position is None or bool(self.position[row, column])


def build_source(
    weight: NDArray[np.float32],
    importance: NDArray[np.float32],
    selection: Selection | None,
    known: MapSource | None = None,
) -> MapSource:
    """Lay out a layer for drawing.

    Args:
        weight: float32, [out, ...]; seen as [R, K].
        importance: float32 [R, K].
        selection: the blocks that stay, or None for a layer that stays dense.
        known: the same layer with another selection, if there is one: its scale is used again.

    Returns:
        The arrays the map draws from.
    """
    matrix = weight.reshape(importance.shape)
    position = None if selection is None else _place_blocks(selection)
    return MapSource(
        weight=matrix,
        importance=importance,
        position=position,
        block_size=1 if selection is None else selection.block_size,
        coarse=_sum_coarsely(importance, position),
        scale=_colour_scale(importance) if known is None else known.scale,
    )


def _place_blocks(selection: Selection) -> NDArray[np.uint8]:
    """Write every block's places 1..N into a matrix, uint8 [R, K]."""
    rows, columns = selection.shape
    position = np.zeros(rows * columns, np.uint8)
    start = selection.rows.astype(np.int64) * columns + selection.columns
    for place in range(selection.block_size):
        position[start + place * columns] = place + 1
    return position.reshape(rows, columns)


def _sum_coarsely(importance: NDArray[np.float32], position: NDArray[np.uint8] | None) -> AreaSums:
    """Sum kept weights and their importance over areas of COARSE x COARSE (ragged at the far ends)."""
    shape = -(-importance.shape[0] // COARSE), -(-importance.shape[1] // COARSE)
    sums = AreaSums(np.empty(shape, np.float32), np.empty(shape, np.float32))
    # A strip at a time: the products stay in the cache (12 ms against 30 ms for 2048 x 4608).
    for first in range(0, importance.shape[0], _STRIP_ROWS):
        strip = importance[first : first + _STRIP_ROWS]
        kept = np.ones(strip.shape, bool) if position is None else position[first : first + _STRIP_ROWS] > 0
        rows = slice(first // COARSE, (first + _STRIP_ROWS) // COARSE)
        sums.kept[rows] = _sum_areas(kept.view(np.uint8))
        sums.importance[rows] = _sum_areas(strip * kept)
    return sums


def _sum_areas(values: NDArray[np.float32] | NDArray[np.uint8]) -> NDArray[np.float32]:
    """Sum a matrix over areas of COARSE x COARSE. Strided additions: three times as fast here as `reduceat`."""
    rows, columns = values.shape
    down = np.zeros((-(-rows // COARSE), columns), values.dtype)
    for place in range(COARSE):
        part = values[place::COARSE]
        down[: len(part)] += part
    across = np.zeros((down.shape[0], -(-columns // COARSE)), np.float32)
    for place in range(COARSE):
        strip = down[:, place::COARSE]
        across[:, : strip.shape[1]] += strip
    return across


def _colour_scale(importance: NDArray[np.float32]) -> tuple[float, float]:
    """Percentiles 2 and 99 of (a sample of) the importance; the same for every selection of the layer."""
    flat = importance.reshape(-1)
    if flat.size == 0:
        return 0.0, 1.0
    # An odd step visits all rows and columns in turn, whatever their number.
    sample = flat[:: (flat.size // _SAMPLES) | 1]
    low, high = (float(value) for value in np.percentile(sample, (2, 99)))
    return (low, high) if high > low else (low, low + 1.0)
