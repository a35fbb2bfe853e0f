"""Where the weights of a block stand: rotated, so that row q is always at place q % N (design: WROS)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def block_starts(row_begin: NDArray[Any]) -> NDArray[np.int64]:
    """[B] start row of each block, in stream order, from the row pointers [starts + 1]."""
    begin = row_begin.astype(np.int64)
    counts = begin[1:] - begin[:-1]
    return np.repeat(np.arange(len(counts)), counts)


def rotated_rows(starts: NDArray[np.int64], block_size: int) -> NDArray[np.int64]:
    """[B, N] the matrix row whose weight stands at each position of each block: the one of r..r+N-1 with q % N = p."""
    position = np.arange(block_size)
    return starts[:, None] + (position - starts[:, None]) % block_size
