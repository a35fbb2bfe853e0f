"""One budget for a whole network: every layer's share of it, and the selections that follow. The search is native."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.budgets import held_blocks, too_few_rows
from ubp_core.budgets import network_budget as network_budget
from ubp_core.errors import SelectionError
from ubp_core.native.library import thread_count
from ubp_core.native.selection import Allocation as OpenAllocation
from ubp_core.native.selection import SelectOutcome
from ubp_core.selection import Selection, check_options, scale_importance, select_blocks, selection_of
from ubp_core.vocabulary import DEFAULT_METHOD, DEFAULT_SPARSITY, METHODS, SCALES

Shares = float | Mapping[str, float] | None
"""A share of the weights that stay, 0 to 1: one for all layers, or by name (layers that aren't named have none)."""


@dataclass(frozen=True, eq=False)
class NetworkSelection:
    """The selections of all layers under one budget."""

    layers: Mapping[str, Selection]
    """By name, in the order given. `Selection.sparsity` is the layer's part of the budget: it leads to it again."""
    method: str
    """One of METHODS."""
    block_size: int
    """N as asked for, also for `unstructured`."""
    sparsity: float
    """As asked for, over all weights."""
    scale: str
    """One of SCALES."""
    retained: float
    """Share of the importance that is kept over all layers, each layer's scaled as `scale` says, 0 to 1."""
    upper_bound: float | None
    """No selection of as many blocks within the floors and ceilings keeps a larger share; `optimal` only."""

    @property
    def achieved_sparsity(self) -> float:
        """Share of all weights that is pruned."""
        kept = sum(len(s.rows) * s.block_size for s in self.layers.values())
        return 1.0 - kept / sum(math.prod(s.shape) for s in self.layers.values())


@dataclass(frozen=True)
class Allocation:
    """How a budget was shared out."""

    counts: dict[str, int]
    """Blocks of each layer (single weights for `unstructured`)."""
    bounds: dict[str, float]
    """What each layer adds to the bound on the network (unscaled); infinite where the budget left no choice."""
    limits: dict[str, tuple[int, int]]
    """Floor and ceiling of each layer in blocks."""
    block_size: int
    """N; 1 for `unstructured`."""
    found: OpenAllocation
    """Selects the layers by their number."""


def select_global(
    importances: Mapping[str, NDArray[Any]],
    block_size: int = 4,
    sparsity: float = DEFAULT_SPARSITY,
    method: str = DEFAULT_METHOD,
    *,
    floors: Shares = None,
    ceilings: Shares = None,
    scale: str = "raw",
    threads: int | None = None,
) -> NetworkSelection:
    """Chooses exactly `network_budget(...)` blocks over all layers by one threshold (docs/selection.md).

    `optimal` is exact: no other blocks within floors and ceilings keep more of the scaled importance.

    Args:
        importances: [R, K] of each layer, finite, >= 0, by name; at least one.
        block_size: N, 1 to 32, at most the rows of each layer.
        sparsity: share of all weights to prune, 0 <= s < 1; 0 keeps all of them.
        method: one of METHODS.
        floors: share of a layer's weights that stays at least, rounded up to blocks, at most what the layer can hold.
        ceilings: share that stays at most, rounded down to blocks (but not below the floor).
        scale: one of SCALES. "mean" keeps layers with small weights from being emptied.
        threads: 1 to 64, default all cores (64 of them); the result does not depend on it.

    Raises:
        SelectionError: an argument that can't be used, or floors and ceilings that the budget can't meet.
        CandidatesExhausted: `greedy` only.
    """
    check_options(block_size, sparsity, method, threads)
    matrices, powers = _check_layers(importances, block_size)
    if scale not in SCALES:
        raise SelectionError(f"scale: {scale!r} is unknown; choose from {', '.join(SCALES)}")
    if sparsity == 0:
        return _keep_all(matrices, block_size, method, floors, ceilings, scale, threads)
    scales = {name: 2.0 ** powers[name] if scale == "raw" else _mean_scale(m) for name, m in matrices.items()}
    parts = _allocate(matrices, scales, block_size, sparsity, method, floors, ceilings, threads)
    outcomes = {name: parts.found.select(index) for index, name in enumerate(matrices)}
    totals = {name: outcome.total for name, outcome in outcomes.items()}
    selections = {name: _layer_selection(matrices[name], outcomes[name], parts, name, method) for name in matrices}
    weights = {name: scales[name] * totals[name] for name in matrices}
    kept = math.fsum(weights[name] * selection.retained for name, selection in selections.items())
    total = math.fsum(weights.values())
    bound = max(_network_bound(selections, parts, scales, totals), kept) if method == "optimal" else None
    return NetworkSelection(
        layers=selections,
        method=method,
        block_size=block_size,
        sparsity=sparsity,
        scale=scale,
        retained=kept / total if total > 0 else 1.0,
        upper_bound=None if bound is None else bound / total if total > 0 else 1.0,
    )


def _check_layers(
    importances: Mapping[str, NDArray[Any]], block_size: int
) -> tuple[dict[str, NDArray[np.float32]], dict[str, int]]:
    """The layers as the native code takes them, and the powers of two that they were divided by."""
    if not importances:
        raise SelectionError("importances: need at least one layer")
    matrices, powers = {}, {}
    for name, importance in importances.items():
        try:
            matrices[name], powers[name] = scale_importance(importance)
        except SelectionError as error:
            raise SelectionError(f"{name}: {error}") from None
        reason = too_few_rows(matrices[name].shape[0], block_size)
        if reason:
            raise SelectionError(f"{name}: {reason}; take smaller blocks, or keep the layer dense")
    return matrices, powers


def _keep_all(
    matrices: Mapping[str, NDArray[np.float32]],
    block_size: int,
    method: str,
    floors: Shares,
    ceilings: Shares,
    scale: str,
    threads: int | None,
) -> NetworkSelection:
    """Every weight of every layer, as sparsity 0 asks for, also where rows are no multiple of N."""
    shapes = {name: (matrix.shape[0], matrix.shape[1]) for name, matrix in matrices.items()}
    limits = block_limits(shapes, block_size, floors, ceilings)
    _check_limits(limits, network_budget(shapes, block_size, 0), block_size, sum(m.size for m in matrices.values()), 0)
    layers = {name: select_blocks(matrix, block_size, 0, method, threads) for name, matrix in matrices.items()}
    return NetworkSelection(layers, method, block_size, 0.0, scale, 1.0, 1.0 if method == "optimal" else None)


def _mean_scale(matrix: NDArray[np.float32]) -> float:
    """One over a layer's mean importance; 1 where it has none (or bad values, which the native code refuses)."""
    total = float(matrix.sum(dtype=np.float64))
    return matrix.size / total if 0 < total < math.inf else 1.0


def _layer_selection(
    matrix: NDArray[np.float32], outcome: SelectOutcome, parts: Allocation, name: str, method: str
) -> Selection:
    """A layer's part; its sparsity is what leads to it again."""
    rows, columns = matrix.shape
    count = parts.counts[name]
    sparsity = 1 - count * parts.block_size / matrix.size
    return selection_of(outcome, (rows, columns), parts.block_size, method, sparsity)


def _allocate(
    matrices: Mapping[str, NDArray[np.float32]],
    scales: Mapping[str, float],
    block_size: int,
    sparsity: float,
    method: str,
    floors: Shares,
    ceilings: Shares,
    threads: int | None,
) -> Allocation:
    """Shares the budget out."""
    shapes = {name: (matrix.shape[0], matrix.shape[1]) for name, matrix in matrices.items()}
    budget, size = network_budget(shapes, block_size, sparsity), block_size
    if method == "unstructured":
        budget, size = budget * block_size, 1
    limits = block_limits(shapes, size, floors, ceilings)
    _check_limits(limits, budget, size, sum(m.size for m in matrices.values()), sparsity)
    layers = [(matrix, scales[name], *limits[name]) for name, matrix in matrices.items()]
    found = OpenAllocation(layers, size, budget, METHODS.index(method), thread_count(threads, SelectionError))
    counts = dict(zip(matrices, found.counts, strict=True))
    return Allocation(counts, dict(zip(matrices, found.bounds, strict=True)), limits, size, found)


def block_limits(
    shapes: Mapping[str, tuple[int, int]], block_size: int, floors: Shares, ceilings: Shares
) -> dict[str, tuple[int, int]]:
    """Floor and ceiling of each layer in blocks; arguments and errors as of `select_global`."""
    least, most = _by_layer("floors", floors, shapes, 0.0), _by_layer("ceilings", ceilings, shapes, 1.0)
    limits = {}
    for name, (rows, columns) in shapes.items():
        if least[name] > most[name]:
            raise SelectionError(f"floors: {name} has floor {least[name]:g} above its ceiling {most[name]:g}")
        holds, blocks = held_blocks((rows, columns), block_size), rows * columns / block_size
        floor = min(math.ceil(least[name] * blocks - 1e-9), holds)
        limits[name] = floor, max(min(math.floor(most[name] * blocks + 1e-9), holds), floor)
    return limits


def _by_layer(label: str, shares: Shares, names: Mapping[str, Any], default: float) -> dict[str, float]:
    """The share of every layer."""
    given = shares if isinstance(shares, Mapping) else dict.fromkeys(names, default if shares is None else shares)
    for name, share in given.items():
        if name not in names:
            raise SelectionError(f"{label}: there is no layer {name!r}")
        if isinstance(share, bool) or not isinstance(share, int | float | np.floating) or not 0 <= share <= 1:
            raise SelectionError(f"{label}: need a share of weights that stay, 0 to 1; {name} has {share!r}")
    return {name: float(given.get(name, default)) for name in names}


def _check_limits(
    limits: Mapping[str, tuple[int, int]], budget: int, block_size: int, weights: int, sparsity: float
) -> None:
    """Refuses floors above the budget, and ceilings below it."""
    least, most = sum(floor for floor, _ in limits.values()), sum(ceiling for _, ceiling in limits.values())
    if least > budget:
        raise SelectionError(
            f"floors: together they keep {least:,} blocks, but sparsity {sparsity:g} leaves {budget:,}; "
            f"lower the floors, or the sparsity to {_cut(1 - least * block_size / weights)}"
        )
    if most < budget:
        raise SelectionError(
            f"ceilings: together they let {most:,} blocks stay, but sparsity {sparsity:g} keeps {budget:,}; "
            f"raise the ceilings, or the sparsity to {_raised(1 - most * block_size / weights)}"
        )


def _cut(share: float) -> str:
    """Three digits, not above."""
    return f"{max(math.floor(share * 1000), 0) / 1000:g}"


def _raised(share: float) -> str:
    """Three digits, not below."""
    return f"{math.ceil(share * 1000) / 1000:g}"


def _network_bound(
    selections: Mapping[str, Selection], parts: Allocation, scales: Mapping[str, float], totals: Mapping[str, float]
) -> float:
    """Upper bound on the scaled importance that any blocks within the limits keep (docs/selection.md).

    A layer at its floor or ceiling may have its own price: its bound is that of its own selection where that is less.
    """
    terms = []
    for name, selection in selections.items():
        bound, count = parts.bounds[name], parts.counts[name]
        if count in parts.limits[name] and selection.upper_bound is not None:
            bound = min(bound, selection.upper_bound * totals[name])
        terms.append(scales[name] * bound)
    return math.fsum(terms)
