"""From importance to blocks at a mask update. Pure: arrays in, selections out; knows no model and no training step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import CandidatesExhausted, PruningError, SelectionError
from ubp_core.grouping.columns import ColumnGroups
from ubp_core.pruning.rules import LayerSettings
from ubp_core.selection import Selection, budget, select_blocks

FALLBACK = "bed"
"""Where `greedy` runs out of candidates, which it must at low sparsity, its update is made by this; the selection
says so in `method`."""


LEAST, MOST = 2.0**-60, 2.0**90
"""Range of the largest importance that is taken as it is."""


@dataclass(frozen=True, eq=False)
class Demand:
    """What one layer brings to a mask update."""

    name: str
    importance: NDArray[np.float32]
    """[R, K], finite, >= 0."""
    settings: LayerSettings
    sparsity: float
    """Scheduled for this update."""
    floor_sparsity: float = 0.0
    """Scheduled floor; under a common budget only."""
    earlier: Selection | None = None
    """Where pruned weights must stay away: the blocks that may be thinned out."""
    groups: ColumnGroups | None = None
    """Of the columns that `importance` has the sums of; None where it is of single columns."""


def comparable(scores: Sequence[NDArray[np.floating[Any]]]) -> list[NDArray[np.float32]]:
    """Importances of one layer, or of several that share a budget, as float32 with room for sums.

    All are divided by the same power of two, where they are too small or too large for that.
    """
    top = max((float(np.max(s, where=np.isfinite(s), initial=0.0)) for s in scores), default=0.0)
    if all(s.dtype == np.float32 for s in scores) and (top == 0 or LEAST <= top <= MOST):
        return [np.asarray(s, np.float32) for s in scores]
    exponent = math.frexp(top)[1]
    with np.errstate(under="ignore"):
        return [np.ldexp(s.astype(np.float64), -exponent).astype(np.float32) for s in scores]


def fit_scores(scores: Sequence[NDArray[np.floating[Any]]], shared: Sequence[bool]) -> list[NDArray[np.float32]]:
    """The importances of all layers as selections take them; those that share a budget stay comparable."""
    together = iter(comparable([score for score, share in zip(scores, shared, strict=True) if share]))
    return [next(together) if share else comparable([score])[0] for score, share in zip(scores, shared, strict=True)]


def select_layer(demand: Demand, threads: int | None) -> Selection:
    """The blocks of one layer; exactly `budget(...)` of them.

    Raises:
        PruningError: importance that is not finite; the line names the layer.
    """
    try:
        if demand.earlier is None:
            return run_method(demand.importance, demand.settings, demand.sparsity, threads)
        return select_within(demand, demand.earlier, threads)
    except SelectionError as error:
        raise PruningError(f"{demand.name}: {error}") from None


def run_method(
    importance: NDArray[np.float32], settings: LayerSettings, sparsity: float, threads: int | None
) -> Selection:
    """The layer's method, or the fallback where `greedy` can't place the whole budget."""
    try:
        return select_blocks(importance, settings.block_size, sparsity, settings.method, threads)
    except CandidatesExhausted:
        return select_blocks(importance, settings.block_size, sparsity, FALLBACK, threads)


def select_within(demand: Demand, earlier: Selection, threads: int | None) -> Selection:
    """New blocks on weights that are in use only, cut anew where that is better.

    A constant on top of every weight in use changes nothing among selections that stay on them, for all have equally
    many; it is larger than what any block could gain by reaching out. `bed`, `abp` and `unstructured` therefore stay
    inside. `greedy` may not, as it leaves gaps too small for a block, nor, rarely, `optimal`: then the best of the
    earlier blocks stay.
    """
    kept = earlier.mask()
    importance = np.where(kept, demand.importance, np.float32(0))
    lift = np.float32(importance.max() * max(demand.settings.block_size, 1))
    lifted = np.where(kept, importance + (lift or np.float32(1)), np.float32(0))
    selection = run_method(lifted, demand.settings, demand.sparsity, threads)
    mask = selection.mask()
    if np.any(mask & ~kept):
        selection = thin_out(earlier, importance, demand.settings.block_size, demand.sparsity)
        mask = selection.mask()
    return replace(selection, retained=share(importance, mask), upper_bound=None)


def thin_out(earlier: Selection, importance: NDArray[np.float32], block_size: int, sparsity: float) -> Selection:
    """The best of the blocks that there are, as many as the sparsity allows."""
    count = budget(earlier.shape, block_size, sparsity) * block_size // earlier.block_size
    best = np.sort(np.argsort(-block_sums(earlier, importance), kind="stable")[:count])
    return replace(earlier, rows=earlier.rows[best], columns=earlier.columns[best], sparsity=sparsity)


def block_sums(selection: Selection, importance: NDArray[np.float32]) -> NDArray[np.float64]:
    """float64 [B]: the importance under each block."""
    rows = selection.rows[:, None] + np.arange(selection.block_size)
    sums: NDArray[np.float64] = importance[rows, selection.columns[:, None]].sum(1, dtype=np.float64)
    return sums


def share(importance: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    """Retained importance."""
    total = float(importance.sum(dtype=np.float64))
    return float(importance[mask].sum(dtype=np.float64)) / total if total > 0 else 1.0
