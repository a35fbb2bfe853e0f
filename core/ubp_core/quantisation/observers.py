"""Ranges of activations: histograms filled picture by picture, and observers that choose a range of one.

Two runs over the pictures: the first finds the ends, the second counts between them. So a histogram has its bins where
they are needed, and none is ever stretched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ubp_core.quantisation.affine import STEPS

BINS = 2048
PERCENTILE = 99.99
"""Of the numbers, that lie below the upper end that `percentile` takes; as many lie above the lower one."""
CANDIDATES = 32
"""Ends that `least_squares` tries on each side: the whole range, and shares of it down to a third."""
SMALLEST_SHARE = 1 / 3

Range = tuple[float, float]


@dataclass
class Extremes:
    """Smallest and largest number of a tensor over all pictures; NaN where one is NaN."""

    low: float = np.inf
    high: float = -np.inf

    def add(self, numbers: Tensor) -> None:
        """Looks at one more array."""
        low, high = (float(x) for x in numbers.aminmax())
        self.low, self.high = float(np.minimum(self.low, low)), float(np.maximum(self.high, high))


@dataclass
class Histogram:
    """How many of a tensor's numbers lie where."""

    low: float
    high: float
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))
    """[BINS] between `low` and `high`."""

    def add(self, numbers: Tensor) -> None:
        """Counts one more array, which lies between the ends."""
        # In fp64, because a narrow range has fewer numbers than bins in fp32.
        self.counts += np.histogram(numbers.double().numpy(), BINS, (self.low, self.high))[0]

    @property
    def edges(self) -> NDArray[np.float64]:
        """[BINS + 1] of the bins."""
        return np.linspace(self.low, self.high, BINS + 1)


def whole_range(seen: Histogram) -> Range:
    """From the smallest number to the largest."""
    return seen.low, seen.high


def percentile_range(seen: Histogram) -> Range:
    """Without the outermost numbers on each side, to the edge of a bin."""
    share = np.cumsum(seen.counts) / seen.counts.sum()
    outside = 1 - PERCENTILE / 100
    first = int(np.searchsorted(share, outside, side="right"))
    last = int(np.searchsorted(share, 1 - outside))
    return float(seen.edges[first]), float(seen.edges[min(last, BINS - 1) + 1])


def least_squares_range(seen: Histogram) -> Range:
    """The ends for which rounding and clamping together cost the least, squared and summed over all numbers."""
    centres = (seen.edges[1:] + seen.edges[:-1]) / 2
    shares = np.linspace(1, SMALLEST_SHARE, CANDIDATES)
    lows = shares * min(seen.low, 0.0) if seen.low < 0 else [0.0]
    highs = shares * max(seen.high, 0.0) if seen.high > 0 else [0.0]
    return min(
        ((float(low), float(high)) for low in lows for high in highs),
        key=lambda ends: rounding_cost(centres, seen.counts, *ends),
    )


def rounding_cost(numbers: NDArray[np.float64], counts: NDArray[np.int64], low: float, high: float) -> float:
    """Sum of squared differences between numbers and their bytes' meanings, by how often each number occurs."""
    scale = (high - low) / STEPS or 1.0
    zero_point = np.rint(-low / scale)
    codes = np.clip(np.rint(numbers / scale) + zero_point, 0, STEPS)
    return float(counts @ (numbers - scale * (codes - zero_point)) ** 2)


OBSERVERS: dict[str, Callable[[Histogram], Range]] = {
    "minmax": whole_range,
    "percentile": percentile_range,
    "least_squares": least_squares_range,
}
"""By the words that people choose by."""
