"""Block selection: which blocks of a layer stay. The search itself is native; this owns arguments and results.

Blocks of four columns are selected as blocks of one column are, on the sums of the columns of a group.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.budgets import blocks_to_keep, grouped, too_few_rows
from ubp_core.budgets import budget as budget
from ubp_core.criteria import HEADROOM, plain_array, to_single
from ubp_core.errors import SelectionError, UbpError
from ubp_core.grouping.columns import ColumnGroups
from ubp_core.grouping.likeness import group_alike
from ubp_core.native.library import thread_count
from ubp_core.native.selection import SelectOutcome, select
from ubp_core.vocabulary import BLOCK_COLUMNS, DEFAULT_METHOD, DEFAULT_SPARSITY, MAX_BLOCK_SIZE, METHODS

if TYPE_CHECKING:
    import torch

MAX_EXPONENT = 256 - HEADROOM
"""Squares of float32 weights are below 2**256."""


@dataclass(frozen=True, eq=False)
class Selection:
    """The blocks that stay, and what they keep. Rows and columns are sorted by (row, column).

    A block of N rows x 4 columns stands here as four blocks of N x 1, which is how fp32 and fp16 kernels run it (fewer
    where the last group of columns is short); `blocks` has it in one piece.
    """

    rows: NDArray[np.int32]
    """Start row of each N x 1 block."""
    columns: NDArray[np.int32]
    """Column of each N x 1 block."""
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
    """No selection of as many blocks keeps a larger share; `optimal` only. With four columns: for these groups."""
    groups: ColumnGroups | None = field(default=None)
    """How columns form blocks of four; None where blocks have one column."""

    @property
    def block_columns(self) -> int:
        """Columns of a block, 1 or 4."""
        return 1 if self.groups is None else BLOCK_COLUMNS[1]

    @property
    def block_count(self) -> int:
        """Blocks, B."""
        return len(self.blocks()[0])

    def blocks(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """[B] start row, and [B] column, or group where blocks have four; sorted by both."""
        return (self.rows, self.columns) if self.groups is None else self.groups.refold(self.rows, self.columns)

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
    block_columns: int = 1,
    groups: ColumnGroups | None = None,
) -> Selection:
    """Chooses exactly `budget(...)` blocks of a layer (design, section 4; `bed`: arXiv 2407.19644).

    Args:
        importance: [R, K], finite, >= 0; float32 (others are converted, tensors too).
        block_size: N, 1 to 32, at most R. `unstructured` keeps as many single weights as B blocks hold instead.
        sparsity: share of the weights to prune, 0 <= s < 1; 0 keeps all of them, also where R is no multiple of N.
        method: one of METHODS.
        threads: 1 to 64, default all cores (64 of them); the result does not depend on it.
        block_columns: columns of a block, 1 or 4.
        groups: of the K columns, for blocks of four; None: `group_alike` makes them.

    Raises:
        SelectionError: an argument that can't be used; the message names it. It is a ValueError.
        CandidatesExhausted: `greedy` only, which can end before the budget is spent.
    """
    matrix = check_importance(importance)
    check_options(block_size, sparsity, method, threads, block_columns)
    reason = too_few_rows(matrix.shape[0], block_size)
    if reason:
        raise SelectionError(f"importance: {reason}; take smaller blocks, or keep the layer dense")
    return select_share(matrix, block_size, sparsity, method, threads, block_columns, groups)


def select_share(
    matrix: NDArray[np.float32],
    block_size: int,
    sparsity: float,
    method: str,
    threads: int | None,
    block_columns: int = 1,
    groups: ColumnGroups | None = None,
) -> Selection:
    """The same where the arguments are known to be good, and a sparsity of 1 leaves no block.

    Args:
        matrix: as `check_importance` returns it, [R, K].
        block_size, sparsity, method, threads, block_columns, groups: as of `select_blocks`.

    Raises:
        SelectionError, CandidatesExhausted: as `select_blocks`.
    """
    shape = (matrix.shape[0], matrix.shape[1])
    size, blocks, columns = blocks_to_keep(shape, block_size, sparsity, method, block_columns)
    number, count = METHODS.index(method), thread_count(threads, SelectionError)
    if columns == 1:
        return selection_of(select(matrix, size, blocks, number, count), shape, size, method, sparsity)
    groups = fit_groups(matrix, groups)
    folded = groups.fold(matrix)
    outcome = select(to_single(folded)[0], size, blocks, number, count)
    selection = selection_of(outcome, grouped(shape, columns), size, method, sparsity)
    return unfold_selection(selection, groups, matrix, folded)


def fit_groups(matrix: NDArray[np.float32], groups: ColumnGroups | None) -> ColumnGroups:
    """The groups of a layer's columns: those given, or columns that are alike.

    Raises:
        SelectionError: they are of another number of columns, or values that can't be summed.
    """
    if not (np.isfinite(matrix).all() and (matrix >= 0).all()):
        raise SelectionError("importance: every value must be finite and >= 0; found NaN, infinity or a negative one")
    if groups is None:
        return group_alike(matrix)
    if groups.columns != matrix.shape[1]:
        raise SelectionError(f"groups: are of {groups.columns} columns, the importance has {matrix.shape[1]}")
    return groups


def unfold_selection(
    selection: Selection, groups: ColumnGroups, matrix: NDArray[Any], folded: NDArray[np.floating[Any]]
) -> Selection:
    """Blocks of one column on the sums of groups, as blocks of four columns.

    Args:
        selection: of `folded`.
        groups: that `folded` was made with.
        matrix: importance of the single weights, [R, K]; what is kept is counted on it, in double precision.
        folded: [R, count], no sum smaller than what the weights have.
    """
    whole = to_blocks(selection, groups, (matrix.shape[0], matrix.shape[1]))
    total, bound = float(matrix.sum(dtype=np.float64)), selection.upper_bound
    retained = min(float(matrix[whole.mask()].sum(dtype=np.float64)) / total, 1.0) if total > 0 else 1.0
    if bound is not None:
        bound = max(bound * float(folded.sum(dtype=np.float64)) / total, retained) if total > 0 else 1.0
    return replace(whole, retained=retained, upper_bound=bound)


def to_blocks(selection: Selection, groups: ColumnGroups, shape: tuple[int, int]) -> Selection:
    """The same without a new account of what is kept.

    Args:
        selection, groups: as of `unfold_selection`.
        shape: (R, K).
    """
    rows, columns = groups.unfold(selection.rows, selection.columns)
    return replace(selection, rows=rows, columns=columns, shape=shape, groups=groups)


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


def check_options(block_size: int, sparsity: float, method: str, threads: int | None, block_columns: int = 1) -> None:
    """Raises the SelectionError that names the first argument out of range."""
    if isinstance(block_size, bool) or not isinstance(block_size, int | np.integer):
        raise SelectionError(f"block_size: need a whole number; got {block_size!r}")
    if not 1 <= block_size <= MAX_BLOCK_SIZE:
        raise SelectionError(f"block_size: need 1 to {MAX_BLOCK_SIZE}; got {block_size}")
    check_block_columns(block_columns, SelectionError)
    if (
        isinstance(sparsity, bool)
        or not isinstance(sparsity, int | float | np.integer | np.floating)
        or not 0 <= sparsity < 1
    ):
        raise SelectionError(f"sparsity: need 0 <= s < 1; got {sparsity!r}")
    if method not in METHODS:
        raise SelectionError(f"method: {method!r} is unknown; choose from {', '.join(METHODS)}")
    thread_count(threads, SelectionError)


def check_block_columns(block_columns: Any, error: type[UbpError]) -> None:
    """Raises an error of this class where blocks can't have so many columns."""
    if isinstance(block_columns, bool) or block_columns not in BLOCK_COLUMNS:
        raise error(f"block_columns: need {' or '.join(map(str, BLOCK_COLUMNS))}; got {block_columns!r}")


def _share_bound(outcome: SelectOutcome) -> float:
    if outcome.total <= 0:
        return 1.0
    # The bound is a sum of rounded numbers and may fall short of the kept sum by a rounding error.
    return max(outcome.upper_bound, outcome.kept) / outcome.total
