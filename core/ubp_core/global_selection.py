"""One budget for a whole network: every layer's share of it, and the selections that follow. The search is native."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.budgets import Shares, check_limits, too_few_rows
from ubp_core.budgets import block_limits as block_limits
from ubp_core.budgets import network_budget as network_budget
from ubp_core.errors import SelectionError
from ubp_core.grouping.columns import WIDTH, ColumnGroups
from ubp_core.native.library import thread_count
from ubp_core.native.selection import Allocation as OpenAllocation
from ubp_core.native.selection import SelectOutcome
from ubp_core.selection import (
    Selection,
    check_options,
    fit_groups,
    scale_importance,
    select_blocks,
    selection_of,
    unfold_selection,
)
from ubp_core.vocabulary import DEFAULT_METHOD, DEFAULT_SPARSITY, METHODS, SCALES


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
    block_columns: int = 1
    """Columns of a block as asked for, 1 or 4."""

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
    block_columns: int = 1,
    groups: Mapping[str, ColumnGroups] | None = None,
) -> NetworkSelection:
    """Chooses exactly `network_budget(...)` blocks over all layers by one threshold (docs/selection.md).

    `optimal` is exact: no other blocks within floors and ceilings keep more of the scaled importance; with four columns
    no other blocks of the same groups.

    Args:
        importances: [R, K] of each layer, finite, >= 0, by name; at least one.
        block_size: N, 1 to 32, at most the rows of each layer.
        sparsity: share of all weights to prune, 0 <= s < 1; 0 keeps all of them.
        method: one of METHODS.
        floors: share of a layer's weights that stays at least, rounded up to blocks, at most what the layer can hold.
        ceilings: share that stays at most, rounded down to blocks (but not below the floor).
        scale: one of SCALES. "mean" keeps layers with small weights from being emptied.
        threads: 1 to 64, default all cores (64 of them); the result does not depend on it.
        block_columns: columns of a block, 1 or 4. Four columns are one of a matrix of sums: shares and means are of
            that, which differs only where K is no multiple of four.
        groups: of layers' columns by name, for blocks of four; `group_alike` makes those that are missing.

    Raises:
        SelectionError: an argument that can't be used, or floors and ceilings that the budget can't meet.
        CandidatesExhausted: `greedy` only.
    """
    check_options(block_size, sparsity, method, threads, block_columns)
    if block_columns > 1 and method != "unstructured":
        options = {"floors": floors, "ceilings": ceilings, "scale": scale, "threads": threads}
        return _select_grouped(importances, block_size, sparsity, method, groups or {}, options)
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


def _select_grouped(
    importances: Mapping[str, NDArray[Any]],
    block_size: int,
    sparsity: float,
    method: str,
    groups: Mapping[str, ColumnGroups],
    options: Mapping[str, Any],
) -> NetworkSelection:
    """Blocks of four columns: the same on the sums of each layer's groups."""
    matrices, powers = _check_layers(importances, block_size)
    found = {name: _fit_groups(name, matrix, groups.get(name)) for name, matrix in matrices.items()}
    folded = {name: group.fold(matrices[name]) for name, group in found.items()}
    scaled = {n: np.ldexp(f.astype(np.float64), powers[n]) if powers[n] else f for n, f in folded.items()}
    result = select_global(scaled, block_size, sparsity, method, **options)
    layers = {
        name: unfold_selection(selection, found[name], matrices[name], folded[name])
        if selection.block_size == block_size
        else select_blocks(matrices[name], block_size, 0, method)  # sparsity 0, rows no multiple of N
        for name, selection in result.layers.items()
    }
    return replace(result, layers=layers, block_columns=WIDTH)


def _fit_groups(name: str, matrix: NDArray[np.float32], groups: ColumnGroups | None) -> ColumnGroups:
    try:
        return fit_groups(matrix, groups)
    except SelectionError as error:
        raise SelectionError(f"{name}: {error}") from None


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
    check_limits(limits, network_budget(shapes, block_size, 0), block_size, sum(m.size for m in matrices.values()), 0)
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
    check_limits(limits, budget, size, sum(m.size for m in matrices.values()), sparsity)
    layers = [(matrix, scales[name], *limits[name]) for name, matrix in matrices.items()]
    found = OpenAllocation(layers, size, budget, METHODS.index(method), thread_count(threads, SelectionError))
    counts = dict(zip(matrices, found.counts, strict=True))
    return Allocation(counts, dict(zip(matrices, found.bounds, strict=True)), limits, size, found)


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
