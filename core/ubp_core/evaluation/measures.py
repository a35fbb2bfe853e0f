"""Figures over pictures with how far they are to be trusted: shares, means, and what outputs say of each picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

DEVIATIONS = 1.959964
"""Standard deviations of the normal distribution within which 95 % of it lie."""
TOP_FEW = 5
Scores = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Share:
    """A share of pictures, with its 95 % interval (Wilson's)."""

    value: float
    """0 to 1."""
    low: float
    high: float

    @classmethod
    def of(cls, hits: int, count: int) -> Share:
        """So many of `count`, at least one."""
        share, spread = hits / count, DEVIATIONS**2 / count
        middle = (share + spread / 2) / (1 + spread)
        half = DEVIATIONS * math.sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread)
        return cls(share, min(max(middle - half, 0.0), share), max(min(middle + half, 1.0), share))

    def __str__(self) -> str:
        """In per cent."""
        return f"{self.value:.1%} ({100 * self.low:.1f} to {100 * self.high:.1f})"


@dataclass(frozen=True)
class Mean:
    """A mean over pictures, with its 95 % interval (normal); of one picture the interval is not known."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Mean:
        """Of at least one value."""
        array = np.asarray(values, np.float64)
        mean = float(array.mean())
        if len(array) < 2:
            return cls(mean, -math.inf, math.inf)
        half = DEVIATIONS * float(array.std(ddof=1)) / math.sqrt(len(array))
        return cls(mean, mean - half, mean + half)

    def __str__(self) -> str:
        """As a number."""
        ends = "" if math.isinf(self.low) else f" ({self.low:.4g} to {self.high:.4g})"
        return f"{self.value:.4g}{ends}"


def probabilities(scores: Scores) -> NDArray[np.float64]:
    """float64 [pictures, classes]: softmax of scores, or the scores themselves where they are probabilities already."""
    wide = scores.astype(np.float64)
    if (wide >= 0).all() and np.allclose(wide.sum(1), 1, atol=1e-3):
        powers = wide
    else:
        powers = np.exp(wide - wide.max(1, keepdims=True))
    result: NDArray[np.float64] = powers / powers.sum(1, keepdims=True)
    return result


def divergences(scores: Scores, dense: Scores) -> NDArray[np.float64]:
    """float64 [pictures]: Kullback-Leibler divergence of a network's probabilities from the dense one's, in nats."""
    tiny = np.finfo(np.float64).tiny
    wanted, found = (np.maximum(probabilities(each), tiny) for each in (dense, scores))
    result: NDArray[np.float64] = (wanted * np.log(wanted / found)).sum(1)
    return result


def top_changes(scores: Scores, dense: Scores) -> NDArray[np.float64]:
    """float64 [pictures]: by how much the probability of the dense network's first class changes."""
    wanted, found = probabilities(dense), probabilities(scores)
    rows, first = np.arange(len(wanted)), wanted.argmax(1)
    result: NDArray[np.float64] = found[rows, first] - wanted[rows, first]
    return result


def is_among_first(scores: Scores, labels: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """bool [pictures]: whether the label is among the `count` largest scores; of equal ones the first class counts."""
    own = scores[np.arange(len(labels)), labels][:, None]
    classes = np.arange(scores.shape[1])
    before = (scores > own) | ((scores == own) & (classes < labels[:, None]))
    result: NDArray[np.bool_] = before.sum(1) < count
    return result & np.isfinite(scores).all(1)


def output_errors(outputs: Scores, dense: Scores) -> NDArray[np.float64]:
    """float64 [pictures]: norm of the difference over that of the dense network's output."""
    wide, wanted = (each.reshape(len(each), -1).astype(np.float64) for each in (outputs, dense))
    norms = np.linalg.norm(wanted, axis=1)
    result: NDArray[np.float64] = np.linalg.norm(wide - wanted, axis=1) / np.where(norms, norms, 1)
    return result
