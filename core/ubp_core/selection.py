"""Block selection: which 1xN blocks of a layer stay. The search itself is native; this owns arguments and results."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.budgets import blocks_to_keep, too_few_rows
from ubp_core.budgets import budget as budget
from ubp_core.criteria import HEADROOM, plain_array, to_single
from ubp_core.errors import SelectionError
from ubp_core.native.library import thread_count
from ubp_core.native.selection import SelectOutcome, select
from ubp_core.vocabulary import DEFAULT_METHOD, DEFAULT_SPARSITY, MAX_BLOCK_SIZE, METHODS

if TYPE_CHECKING:
    import torch

MAX_EXPONENT = 256 - HEADROOM
"""Squares of float32 weights are below 2**256."""


@dataclass(frozen=True, eq=False)
class Selection:
    """The blocks that stay, and what they keep. Rows and columns are sorted by (row, column)."""

    rows: NDArray[np.int32]
    """[B] start row of each block."""
    columns: NDArray[np.int32]
    """[B] column of each block."""
    block_size: int
    """N; 1 for `unstructured`, and where sparsity 0 keeps every weight of rows that are no multiple of N."""
    shape: tuple[int, int]
    """(R, K) of the layer's matrix."""
    method: str
    """One of METHODS."""
    sparsity: float
    """As asked for; `achieved_sparsity` is what whole blocks allow."""
    retained: float
    """Share of the importance that is kept, 0 to 1 (1 where there is none at all)."""
    upper_bound: float | None = field(default=None)
    """No selection of as many blocks keeps a larger share; `optimal` only."""

    @property
    def achieved_sparsity(self) -> float:
        """Share of the weights that is pruned."""
        return 1.0 - len(self.rows) * self.block_size / math.prod(self.shape)

    def mask(self) -> NDArray[np.bool_]:
        """bool [R, K], true where a weight stays."""
        mask = np.zeros(self.shape, bool)
        for offset in range(self.block_size):
            mask[self.rows + offset, self.columns] = True
        return mask


def select_blocks(
    importance: NDArray[Any] | torch.Tensor,
    block_size: int = 4,
    sparsity: float = DEFAULT_SPARSITY,
    method: str = DEFAULT_METHOD,
    threads: int | None = None,
) -> Selection:
    """Chooses exactly `budget(...)` blocks of a layer (design, section 4; `bed`: arXiv 2407.19644).

    Args:
        importance: [R, K], finite, >= 0; float32 (others are converted, tensors too).
        block_size: N, 1 to 32, at most R. `unstructured` keeps B * N single weights instead of B blocks.
        sparsity: share of the weights to prune, 0 <= s < 1; 0 keeps all of them, also where R is no multiple of N.
        method: one of METHODS.
        threads: 1 to 64, default all cores (64 of them); the result does not depend on it.

    Raises:
        SelectionError: an argument that can't be used; the message names it. It is a ValueError.
        CandidatesExhausted: `greedy` only, which can end before the budget is spent.
    """
    matrix = check_importance(importance)
    check_options(block_size, sparsity, method, threads)
    shape = (matrix.shape[0], matrix.shape[1])
    reason = too_few_rows(shape[0], block_size)
    if reason:
        raise SelectionError(f"importance: {reason}; take smaller blocks, or keep the layer dense")
    size, blocks = blocks_to_keep(shape, block_size, sparsity, method)
    return select_count(matrix, size, blocks, method, sparsity, threads)


def select_count(
    matrix: NDArray[np.float32], block_size: int, blocks: int, method: str, sparsity: float, threads: int | None
) -> Selection:
    """A given number of blocks of a layer, where the arguments are known to be good.

    Args:
        matrix: as `check_importance` returns it, [R, K].
        block_size: N; 1 for `unstructured`.
        blocks: at most K (R // N).
        method: one of METHODS.
        sparsity: what was asked for; kept in the result.
        threads: 1 to 64; None for all cores.

    Raises:
        SelectionError, CandidatesExhausted: as `select_blocks`.
    """
    count = thread_count(threads, SelectionError)
    outcome = select(matrix, block_size, blocks, METHODS.index(method), count)
    return selection_of(outcome, (matrix.shape[0], matrix.shape[1]), block_size, method, sparsity)


def selection_of(
    outcome: SelectOutcome, shape: tuple[int, int], block_size: int, method: str, sparsity: float
) -> Selection:
    """What the native code returned, as a result."""
    total = outcome.total
    return Selection(
        rows=outcome.rows,
        columns=outcome.columns,
        block_size=block_size,
        shape=shape,
        method=method,
        sparsity=sparsity,
        retained=outcome.kept / total if total > 0 else 1.0,
        upper_bound=_share_bound(outcome) if method == "optimal" else None,
    )


def check_importance(importance: Any) -> NDArray[np.float32]:
    """The importance as the native code takes it: C-contiguous float32 [R, K]; raises SelectionError."""
    return scale_importance(importance)[0]


def scale_importance(importance: Any) -> tuple[NDArray[np.float32], int]:
    """The same, and the power of two that it was divided by; 0 unless float32 can't hold the values as they are."""
    matrix = plain_array("importance", importance)
    if matrix.ndim != 2 or matrix.size == 0:
        raise SelectionError(f"importance: need a matrix [R, K], not empty; got shape {list(matrix.shape)}")
    if matrix.dtype.kind not in "fiub":
        raise SelectionError(f"importance: need real numbers; got {matrix.dtype}")
    if max(matrix.shape) >= 2**31:
        raise SelectionError(f"importance: shape {list(matrix.shape)} is beyond 32-bit indices")
    matrix, exponent = to_single(matrix)
    if exponent > MAX_EXPONENT:
        raise SelectionError("importance: values are larger than squares of float32 weights can be; scale them")
    return matrix, exponent


def check_options(block_size: int, sparsity: float, method: str, threads: int | None) -> None:
    """Raises the SelectionError that names the first argument out of range."""
    if isinstance(block_size, bool) or not isinstance(block_size, int | np.integer):
        raise SelectionError(f"block_size: need a whole number; got {block_size!r}")
    if not 1 <= block_size <= MAX_BLOCK_SIZE:
        raise SelectionError(f"block_size: need 1 to {MAX_BLOCK_SIZE}; got {block_size}")
    if (
        isinstance(sparsity, bool)
        or not isinstance(sparsity, int | float | np.integer | np.floating)
        or not 0 <= sparsity < 1
    ):
        raise SelectionError(f"sparsity: need 0 <= s < 1; got {sparsity!r}")
    if method not in METHODS:
        raise SelectionError(f"method: {method!r} is unknown; choose from {', '.join(METHODS)}")
    thread_count(threads, SelectionError)


def _share_bound(outcome: SelectOutcome) -> float:
    if outcome.total <= 0:
        return 1.0
    # The bound is a sum of rounded numbers and may fall short of the kept sum by a rounding error.
    return max(outcome.upper_bound, outcome.kept) / outcome.total
