"""Columns that are important in the same rows, found for groups of four.

A heuristic: given the groups, selection is as exact as it is for single columns (docs/selection.md).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ubp_core.grouping.columns import WIDTH, ColumnGroups

_WINDOW: Final = 512
"""Columns of similar size among which likeness is looked for: the work stays linear in K."""
_MOST_FEATURES: Final = 256
"""Neighbouring rows are added up until there are no more of them than this."""
_LEVELS: Final = 255
"""Importance is rounded to so many steps: float32 holds sums of 256 products of such numbers exactly, in whatever order
they are added, so all machines find the same groups."""


def group_alike(importance: NDArray[np.floating[Any]]) -> ColumnGroups:
    """Groups of columns that are important in the same rows. A heuristic; the same on all machines.

    The column with the largest sum of squares that has no group yet gets the three others whose products with its
    group are largest, among 512 columns of similar sums.

    Args:
        importance: [R, K], finite, >= 0.
    """
    features = _round_features(importance)
    sizes = np.einsum("rk,rk->k", features, features)
    by_size = np.argsort(-sizes, kind="stable")
    groups: list[NDArray[np.int64]] = []
    for first in range(0, len(by_size), _WINDOW):
        window = np.sort(by_size[first : first + _WINDOW])
        groups += [np.sort(window[members]) for members in _group_window(features[:, window], sizes[window])]
    whole = sorted((g for g in groups if len(g) == WIDTH), key=lambda group: int(group[0]))
    return ColumnGroups(np.concatenate([*whole, *(g for g in groups if len(g) < WIDTH)]))


def _round_features(importance: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Importance as whole numbers, float32 [at most 256, K]; neighbouring rows are added up where there are more."""
    rows = len(importance)
    step = -(-rows // _MOST_FEATURES)
    sums = np.add.reduceat(importance, np.arange(0, rows, step), axis=0, dtype=np.float64)
    most = float(sums.max(initial=0.0))
    return np.rint(sums / most * _LEVELS if most > 0 else sums).astype(np.float32)


def _group_window(features: NDArray[np.float32], sizes: NDArray[np.float32]) -> list[list[int]]:
    """Groups of the columns of a window, as places in it; the last one is short where they are no multiple of four."""
    products = features.T @ features
    free = np.ones(len(sizes), bool)
    groups = []
    for seed in np.argsort(-sizes, kind="stable").tolist():
        if not free[seed]:
            continue
        members, likeness = [seed], products[seed].copy()
        free[seed] = False
        while len(members) < WIDTH and free.any():
            best = int(np.argmax(np.where(free, likeness, -1.0)))
            members.append(best)
            free[best] = False
            likeness += products[best]
        groups.append(members)
    return groups
