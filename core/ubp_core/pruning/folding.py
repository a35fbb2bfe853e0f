"""Blocks of four columns at a mask update: the same update on the sums of groups of columns. Pure.

Everything that a mask update does, thinning out and one budget for all layers included, is done on matrices in which a
group of four columns is one; what comes out is taken apart again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import compress

import numpy as np

from ubp_core.budgets import grouped
from ubp_core.errors import PruningError, SelectionError
from ubp_core.grouping.columns import WIDTH, ColumnGroups
from ubp_core.pruning.common_budget import select_common
from ubp_core.pruning.selecting import Demand, select_layer, share
from ubp_core.selection import Selection, fit_groups, to_blocks


def select_demands(
    demands: Sequence[Demand], shared: Sequence[bool], scale: str, threads: int | None
) -> list[Selection]:
    """The blocks of all layers of a mask update.

    Args:
        demands: what the layers bring.
        shared: which of them share one budget.
        scale: of that, one of SCALES.
        threads: of each selection.

    Raises:
        PruningError: as `select_common` and `select_layer`.
    """
    folded = list(map(fold_demand, demands))
    pool = list(compress(folded, shared))
    common = select_common(pool, scale, threads) if pool else {}
    selections = [common.get(demand.name) or select_layer(demand, threads) for demand in folded]
    return list(map(unfold_demand, demands, folded, selections))


def fold_demand(demand: Demand) -> Demand:
    """What a layer brings, with a group of columns as one; as it is where blocks have one column.

    Raises:
        PruningError: importance that is not finite; the line names the layer.
    """
    earlier, settings = demand.earlier, demand.settings
    if settings.block_columns == 1 or settings.method == "unstructured":
        return demand
    try:
        groups = fit_groups(demand.importance, None if earlier is None else earlier.groups)
    except SelectionError as error:
        raise PruningError(f"{demand.name}: {error}") from None
    earlier = None if earlier is None else fold_selection(earlier, groups)
    importance = np.asarray(groups.fold(demand.importance), np.float32)
    return replace(demand, importance=importance, earlier=earlier, groups=groups)


def fold_selection(selection: Selection, groups: ColumnGroups) -> Selection:
    """A selection's blocks of four columns as blocks of one on the sums of groups."""
    rows, columns = groups.refold(selection.rows, selection.columns)
    return replace(selection, rows=rows, columns=columns, shape=grouped(selection.shape, WIDTH), groups=None)


def unfold_demand(whole: Demand, folded: Demand, selection: Selection) -> Selection:
    """What was selected on the sums of groups, as blocks of four columns of the layer as it is."""
    if folded.groups is None:
        return selection
    found = to_blocks(selection, folded.groups, (whole.importance.shape[0], whole.importance.shape[1]))
    importance = whole.importance
    if whole.earlier is not None:
        importance = np.where(whole.earlier.mask(), importance, np.float32(0))
    return replace(found, retained=share(importance, found.mask()), upper_bound=None)
