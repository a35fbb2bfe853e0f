"""Dense weights in the order of the dense kernels, blocks of 8 rows, and back: "Arrays of a layer", docs/format.md."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ubp_core.packed.format import DENSE_ROWS, blocked_rows

Number = TypeVar("Number", bound=np.number)


def to_blocks(weights: NDArray[Number]) -> NDArray[Number]:
    """[R, K] as [ceil(R / 8), K, 8], zeros beyond R."""
    rows, columns = weights.shape
    filled = np.zeros((blocked_rows(rows), columns), weights.dtype)
    filled[:rows] = weights
    return np.ascontiguousarray(filled.reshape(-1, DENSE_ROWS, columns).transpose(0, 2, 1))


def from_blocks(blocks: NDArray[Number], rows: int, columns: int) -> NDArray[Number]:
    """[R, K], copied out of [ceil(R / 8), K, 8]."""
    filled = blocks.reshape(-1, columns, DENSE_ROWS).transpose(0, 2, 1).reshape(-1, columns)
    return np.ascontiguousarray(filled[:rows])


def first_filled(blocks: NDArray[np.number], rows: int, columns: int) -> int | None:
    """Index of the first place of a row beyond R that is not +0.0; None where there is none."""
    bits = blocks.view(f"u{blocks.itemsize}").reshape(-1, columns, DENSE_ROWS)
    row = np.arange(bits.shape[0])[:, None, None] * DENSE_ROWS + np.arange(DENSE_ROWS)
    found = np.flatnonzero((bits != 0) & (row >= rows))
    return int(found[0]) if found.size else None
