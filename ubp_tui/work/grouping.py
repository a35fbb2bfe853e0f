"""Groups of a layer's columns, found once for each layer: every choice and every point of a curve uses them again."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ubp_core.grouping.columns import ColumnGroups

MOST: Final = 512
"""Layers whose groups are kept: some 10 kB each."""
_known: OrderedDict[bytes, ColumnGroups] = OrderedDict()
_lock = Lock()


def find_groups(importance: NDArray[np.float32]) -> ColumnGroups:
    """Columns that are alike, as `ubp_core.select_blocks` groups them.

    Raises:
        SelectionError: values that are not finite, or negative.
    """
    from ubp_core.selection import check_importance, fit_groups

    matrix = check_importance(importance)
    key = blake2b(matrix.data, digest_size=16, salt=str(matrix.shape[1]).encode()).digest()
    with _lock:
        found = _known.get(key)
    if found is None:
        found = fit_groups(matrix, None)
        with _lock:
            _known[key] = found
            while len(_known) > MOST:
                _known.popitem(last=False)
    return found
