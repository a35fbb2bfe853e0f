"""Columns in groups of four: what blocks of N rows x 4 columns are made of. Selects no blocks and knows no file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import SelectionError

WIDTH: Final = 4
"""Columns of a group: SDOT multiplies four neighbours of a row."""
_MOST_COLUMNS: Final = 65_536
"""An order is u16, as packed files hold it."""
_STRIP_ROWS: Final = 64
"""Rows that are summed at a time: they stay in the cache, and little memory is needed."""


@dataclass(frozen=True, eq=False)
class ColumnGroups:
    """An order of a layer's columns; four that follow one another are a group. The last group may be short."""

    order: NDArray[np.integer[Any]]
    """u16 [K], a permutation: group g has the columns order[4 g .. 4 g + 3]; `column_order` of a packed layer."""

    def __post_init__(self) -> None:
        """Refuses what is no permutation."""
        order = np.asarray(self.order)
        if order.ndim != 1 or not 1 <= order.size <= _MOST_COLUMNS or order.dtype.kind not in "iu":
            raise SelectionError(f"column order: need 1 to {_MOST_COLUMNS} column numbers in a list")
        if not np.array_equal(np.sort(order), np.arange(order.size)):
            raise SelectionError(f"column order: need each column from 0 to {order.size - 1} once")
        object.__setattr__(self, "order", np.ascontiguousarray(order, np.uint16))

    @property
    def columns(self) -> int:
        """K."""
        return self.order.size

    @property
    def count(self) -> int:
        """Groups, ceil(K / 4)."""
        return -(-self.order.size // WIDTH)

    @property
    def places(self) -> NDArray[np.int32]:
        """int32 [count, 4]: the columns of each group; -1 where the last group has no column."""
        places = np.full(self.count * WIDTH, -1, np.int32)
        places[: self.columns] = self.order
        return places.reshape(self.count, WIDTH)

    @property
    def group_of(self) -> NDArray[np.int32]:
        """int32 [K]: the group of each column."""
        groups = np.empty(self.columns, np.int32)
        groups[self.order] = np.arange(self.columns, dtype=np.int32) // WIDTH
        return groups

    def fold(self, importance: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Importance of every row within every group.

        Args:
            importance: [R, K], finite, >= 0.

        Returns:
            [R, count]: sums over the columns of a group, made in double precision; float32, rounded up, so that a bound
            on them is one on the sums themselves, or float64 where float32 can't hold them.
        """
        single = np.empty((len(importance), self.count), np.float32)
        for first in range(0, len(importance), _STRIP_ROWS):
            sums = self._sum_rows(importance[first : first + _STRIP_ROWS])
            with np.errstate(over="ignore"):
                near = sums.astype(np.float32)
            if not np.isfinite(near).all():
                return self._sum_rows(importance)
            single[first : first + _STRIP_ROWS] = np.where(near < sums, np.nextafter(near, np.float32(np.inf)), near)
        return single

    def _sum_rows(self, importance: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """float64 [rows, count]."""
        padded = np.zeros((len(importance), self.count * WIDTH))
        padded[:, : self.columns] = importance[:, self.order]
        sums: NDArray[np.float64] = padded.reshape(len(importance), self.count, WIDTH).sum(2)
        return sums

    def unfold(self, rows: NDArray[np.int32], groups: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The N x 1 blocks that N x 4 blocks consist of, as files of fp32 and fp16 hold them.

        Args:
            rows, groups: [B], start row and group of each block.

        Returns:
            Start rows and columns, sorted by (row, column).
        """
        columns = self.places[groups]
        starts = np.broadcast_to(np.asarray(rows, np.int32)[:, None], columns.shape)
        there = columns >= 0
        starts, columns = starts[there], columns[there]
        order = np.lexsort((columns, starts))
        return np.ascontiguousarray(starts[order]), np.ascontiguousarray(columns[order])

    def refold(
        self, rows: NDArray[np.int32], columns: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The way back: start row and group of each block, sorted by (row, group).

        Args:
            rows, columns: of the N x 1 blocks, as `unfold` makes them.
        """
        first = np.zeros(self.columns, bool)
        first[self.order[::WIDTH]] = True
        leads = first[columns]
        starts, groups = rows[leads], self.group_of[columns[leads]]
        order = np.lexsort((groups, starts))
        return np.ascontiguousarray(starts[order]), np.ascontiguousarray(groups[order])


def group_neighbours(columns: int) -> ColumnGroups:
    """Groups of columns as they stand: 0..3, 4..7, and so on."""
    return ColumnGroups(np.arange(columns))
