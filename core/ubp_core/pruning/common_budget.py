"""The scope "global" at a mask update: one budget for all layers that have no sparsity of their own. Pure.

The threshold search is `select_global`'s. This adds what training needs: floors that follow the schedule, and weights
that must not return.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import CandidatesExhausted, PruningError, SelectionError
from ubp_core.global_selection import block_limits, network_budget, select_global
from ubp_core.pruning.rules import LayerSettings
from ubp_core.pruning.selecting import FALLBACK, Demand, block_sums, share
from ubp_core.selection import Selection
from ubp_core.vocabulary import SCALES

SPARED_SHARE = 0.1
"""Unless a ceiling says otherwise, every layer keeps at least this part of the share that all keep on average."""


def default_ceiling(sparsity: float) -> float:
    """Largest sparsity of a layer under a common budget: no layer is emptied."""
    return 1.0 - SPARED_SHARE * (1.0 - sparsity)


def check_common(settings: Mapping[str, LayerSettings], scale: str) -> None:
    """Refuse what can't be under one budget.

    Raises:
        PruningError: layers of different block sizes or methods, or an unknown scale.
    """
    if scale not in SCALES:
        raise PruningError(f"scale: {scale!r} is unknown; choose from {', '.join(SCALES)}")
    pool = {name: (s.block_size, s.block_columns, s.method) for name, s in settings.items() if not s.fixed}
    if len(set(pool.values())) > 1:
        first = next(iter(pool.values()))
        other = next(name for name, asked in pool.items() if asked != first)
        raise PruningError(
            f"{other}: a common budget has one form of blocks and one method; give it a sparsity of its own"
        )


def select_common(demands: list[Demand], scale: str, threads: int | None) -> dict[str, Selection]:
    """The blocks of all layers under one budget, by name.

    Args:
        demands: of one block size, method and sparsity.
        scale: one of SCALES.
        threads: of the selection.

    Raises:
        PruningError: floors and ceilings that the budget can't meet, or importance that is not finite.
    """
    size, sparsity = demands[0].settings.block_size, demands[0].sparsity
    floors = {d.name: 1.0 - d.settings.max_sparsity for d in demands}
    ceilings = {d.name: 1.0 - d.floor_sparsity for d in demands}
    scaled = {d.name: _scaled(d, scale) for d in demands}
    lift = np.float32(max(float(matrix.max()) for matrix in scaled.values()) * size) or np.float32(1)
    lifted = {d.name: scaled[d.name] if d.earlier is None else _lifted(d, scaled[d.name], lift) for d in demands}
    try:
        chosen = _run(lifted, demands[0].settings, sparsity, floors, ceilings, threads)
        if any(d.earlier is not None and np.any(chosen[d.name].mask() & ~d.earlier.mask()) for d in demands):
            chosen = _thin_out_common(demands, scaled, sparsity, floors, ceilings)
    except SelectionError as error:
        raise PruningError(str(error)) from None
    return {d.name: _with_share(d, chosen[d.name]) for d in demands}


def _scaled(demand: Demand, scale: str) -> NDArray[np.float32]:
    """Importance as it competes with that of other layers; zero where weights must not return."""
    matrix = demand.importance
    if demand.earlier is not None:
        matrix = np.where(demand.earlier.mask(), matrix, np.float32(0))
    total = float(matrix.sum(dtype=np.float64))
    if scale == "mean" and 0 < total < np.inf:
        matrix = matrix * np.float32(matrix.size / total)
    return matrix


def _lifted(demand: Demand, scaled: NDArray[np.float32], lift: np.float32) -> NDArray[np.float32]:
    """See `selecting.select_within`: a constant on every weight in use keeps blocks on them."""
    assert demand.earlier is not None
    return np.where(demand.earlier.mask(), scaled + lift, np.float32(0))


def _run(
    matrices: Mapping[str, NDArray[np.float32]],
    settings: LayerSettings,
    sparsity: float,
    floors: Mapping[str, float],
    ceilings: Mapping[str, float],
    threads: int | None,
) -> Mapping[str, Selection]:
    """The method, or the fallback where `greedy` can't place the whole budget."""
    options = {"floors": floors, "ceilings": ceilings, "threads": threads}
    try:
        return select_global(matrices, settings.block_size, sparsity, settings.method, **options).layers  # type: ignore[arg-type]
    except CandidatesExhausted:
        return select_global(matrices, settings.block_size, sparsity, FALLBACK, **options).layers  # type: ignore[arg-type]


def _thin_out_common(
    demands: list[Demand],
    scaled: Mapping[str, NDArray[np.float32]],
    sparsity: float,
    floors: Mapping[str, float],
    ceilings: Mapping[str, float],
) -> dict[str, Selection]:
    """The best of the blocks that there are: each layer's floor first, then the best of all up to the budget."""
    first = demands[0].earlier
    assert first is not None
    size, asked = first.block_size, demands[0].settings.block_size
    shapes = {d.name: (d.importance.shape[0], d.importance.shape[1]) for d in demands}
    limits = block_limits(shapes, size, floors, ceilings)
    order = {d.name: np.argsort(-block_sums(d.earlier, scaled[d.name]), kind="stable") for d in demands if d.earlier}
    counts = {name: min(limits[name][0], len(blocks)) for name, blocks in order.items()}
    free = []
    for d in demands:
        assert d.earlier is not None
        sums = block_sums(d.earlier, scaled[d.name])[order[d.name]]
        free += [(-float(sums[i]), d.name) for i in range(counts[d.name], min(limits[d.name][1], len(sums)))]
    left = network_budget(shapes, asked, sparsity) * asked // size - sum(counts.values())
    for _, name in sorted(free)[:left]:
        counts[name] += 1
    chosen = {}
    for d in demands:
        assert d.earlier is not None
        best = np.sort(order[d.name][: counts[d.name]])
        achieved = 1 - len(best) * size / d.importance.size
        chosen[d.name] = replace(
            d.earlier, rows=d.earlier.rows[best], columns=d.earlier.columns[best], sparsity=achieved
        )
    return chosen


def _with_share(demand: Demand, selection: Selection) -> Selection:
    """With the retained importance of the layer as it is, not as it was lifted."""
    matrix = demand.importance
    if demand.earlier is not None:
        matrix = np.where(demand.earlier.mask(), matrix, np.float32(0))
    return replace(selection, retained=share(matrix, selection.mask()), upper_bound=None)
