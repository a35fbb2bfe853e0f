"""What of a layer's picture does not depend on the choice: importance, scale, histogram bins, order of columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

BINS: Final = 64
"""Bins of the importance histogram."""
DECADES: Final = 4.0
"""Most powers of ten that the histogram spans below the greatest importance."""
_SAMPLES: Final = 200_000
"""Weights that are looked at for the scale of the colours; all of them would cost more than the picture."""


@dataclass(frozen=True, eq=False)
class LayerBasis:
    """One layer before anything is chosen."""

    importance: NDArray[np.float32]
    """Importance, float32 [R, K], columns by channel: what selections are made from."""
    weight: NDArray[np.float32]
    """The weights, float32 [R, K], columns as they are drawn."""
    drawn: NDArray[np.float32]
    """Importance, float32 [R, K], columns as they are drawn."""
    taps: int
    """Taps of the kernel, kh * kw."""
    by_tap: bool
    """Whether columns are drawn by tap (all channels of tap 0 first), not by channel."""
    order: NDArray[np.int64] | None
    """The columns as they are drawn, by group: four that follow one another form one. None where they stand by channel
    or tap."""
    scale: tuple[float, float]
    """Importance at the two ends of the ramp: percentiles, so that outliers don't darken the rest."""
    total: float
    """Sum of the importance."""
    bins: NDArray[np.uint8]
    """Bin of every weight in the histogram, uint8 [R, K], columns as they are drawn."""
    bin_range: tuple[float, float]
    """log10 of the importance at the ends of the histogram."""
    bin_counts: NDArray[np.int64]
    """All weights by bin, [BINS]."""

    def drawn_columns(self, columns: NDArray[np.int32]) -> NDArray[np.int64]:
        """Where the columns of a selection are drawn."""
        if self.order is not None:
            places = np.empty(len(self.order), np.int64)
            places[self.order] = np.arange(len(self.order))
            return places[columns]
        return place_columns(columns.astype(np.int64), self.importance.shape[1], self.taps, self.by_tap)


def place_columns(columns: NDArray[np.int64], count: int, taps: int, by_tap: bool) -> NDArray[np.int64]:
    """Where columns stand that are counted by channel.

    Args:
        columns: numbers of columns, channel * taps + tap.
        count: K, columns of the layer.
        taps: of the kernel.
        by_tap: whether columns stand by tap.
    """
    return columns % taps * (count // taps) + columns // taps if by_tap else columns


def build_basis(
    weight: NDArray[np.float32],
    importance: NDArray[np.float32],
    by_tap: bool = False,
    order: NDArray[np.int64] | None = None,
) -> LayerBasis:
    """Prepare a layer.

    Args:
        weight: float32, [out, in/groups, kh, kw] or [out, in].
        importance: float32 [R, K].
        by_tap: order of the columns; of no effect for 1 x 1 kernels.
        order: of the columns by group, in place of that.
    """
    taps = int(np.prod(weight.shape[2:])) if weight.ndim == 4 else 1
    matrix, drawn = weight.reshape(importance.shape), importance
    by_tap = by_tap and taps > 1 and order is None
    if order is not None:
        matrix, drawn = (np.ascontiguousarray(values[:, order]) for values in (matrix, importance))
    elif by_tap:
        matrix, drawn = (_arrange(values, taps) for values in (matrix, importance))
    bins, bin_range = _bin_weights(drawn)
    return LayerBasis(
        importance=importance,
        weight=matrix,
        drawn=drawn,
        taps=taps,
        by_tap=by_tap,
        order=order,
        scale=_colour_scale(importance),
        total=float(importance.sum(dtype=np.float64)),
        bins=bins,
        bin_range=bin_range,
        bin_counts=np.bincount(bins.reshape(-1), minlength=BINS),
    )


def _arrange(values: NDArray[np.float32], taps: int) -> NDArray[np.float32]:
    """Columns by tap instead of by channel."""
    rows, columns = values.shape
    return np.ascontiguousarray(values.reshape(rows, columns // taps, taps).swapaxes(1, 2)).reshape(rows, columns)


def _bin_weights(importance: NDArray[np.float32]) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """Bins of equal ratio; what lies below the first one, zeros included, is counted in it."""
    high = float(importance.max(initial=0.0))
    if high <= 0 or not np.isfinite(high):
        return np.zeros(importance.shape, np.uint8), (-1.0, 0.0)
    low = max(float(np.percentile(_sample(importance), 0.5)), high * 10**-DECADES)
    first, last = float(np.log10(low)), float(np.log10(high))
    if last - first < 1e-6:
        first = last - 1.0
    with np.errstate(divide="ignore"):
        place = np.log10(importance)
    place -= first
    place *= BINS / (last - first)
    return np.clip(place, 0, BINS - 1).astype(np.uint8), (first, last)


def _sample(importance: NDArray[np.float32]) -> NDArray[np.float32]:
    """Some of the weights. An odd step visits all rows and columns in turn, whatever their number."""
    flat = importance.reshape(-1)
    return flat[:: (flat.size // _SAMPLES) | 1]


def _colour_scale(importance: NDArray[np.float32]) -> tuple[float, float]:
    """Percentiles 2 and 99 of (a sample of) the importance; the same for every selection of the layer."""
    if importance.size == 0:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(_sample(importance), (2, 99)))
    return (low, high) if high > low else (low, low + 1.0)
