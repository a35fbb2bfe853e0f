"""Plain reference code that judges the selection: slow, obvious, and written from the definitions alone."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Blocks = tuple[int, ...]


def placements(rows: int, block_size: int, first: int = 0) -> Iterator[Blocks]:
    """Every set of non-overlapping windows of one column, as start rows."""
    yield ()
    for start in range(first, rows - block_size + 1):
        for rest in placements(rows, block_size, start + block_size):
            yield (start, *rest)


def brute_force_totals(column: NDArray[np.float32], block_size: int) -> list[float]:
    """Best total of exactly b blocks in one column, for every b, by trying all placements."""
    best: list[float] = [-math.inf] * (len(column) // block_size + 1)
    for starts in placements(len(column), block_size):
        total = math.fsum(float(v) for s in starts for v in column[s : s + block_size])
        best[len(starts)] = max(best[len(starts)], total)
    return best


def counted_totals(column: NDArray[np.float32], block_size: int) -> list[float]:
    """The same by a dynamic programme over (row, number of blocks): quick enough for medium columns."""
    values = column.astype(np.float64)
    most = len(column) // block_size
    table = np.full((len(column) + 1, most + 1), -np.inf)
    table[:, 0] = 0.0
    for end in range(block_size, len(column) + 1):
        window = math.fsum(values[end - block_size : end])
        table[end, 1:] = np.maximum(table[end - 1, 1:], table[end - block_size, :-1] + window)
    return [float(x) for x in table[-1]]


def merge_totals(parts: list[list[float]], limits: list[tuple[int, int]] | None = None) -> list[float]:
    """Best total of exactly b blocks over all parts, for every b, by trying every split (no use of concavity).

    Args:
        parts: best total of each part (a column, a layer) for 0, 1, 2, ... blocks.
        limits: fewest and most blocks of each part.
    """
    totals = np.zeros(1)
    for i, part in enumerate(parts):
        least, most = limits[i] if limits else (0, len(part) - 1)
        merged = np.full(len(totals) + most, -np.inf)
        for count in range(least, most + 1):
            at = slice(count, count + len(totals))
            merged[at] = np.maximum(merged[at], totals + part[count])
        totals = merged
    return [float(x) for x in totals]


def best_total(columns: list[list[float]], budget: int) -> float:
    """Best total of exactly `budget` blocks over all columns."""
    return merge_totals(columns)[budget]


def contract_column(column: NDArray[np.float32], block_size: int) -> list[tuple[float, tuple[int, ...]]]:
    """BED on one column: (gain, rows taken) of every step, on a shrinking list of rows. First of equals."""
    remaining = list(range(len(column)))
    steps = []
    while len(remaining) >= block_size:
        sums = [
            math.fsum(float(column[r]) for r in remaining[i : i + block_size])
            for i in range(len(remaining) - block_size + 1)
        ]
        at = int(np.argmax(sums))
        steps.append((sums[at], tuple(remaining[at : at + block_size])))
        del remaining[at : at + block_size]
    return steps


def greedy_column(column: NDArray[np.float32], block_size: int) -> list[tuple[float, tuple[int, ...]]]:
    """Greedy on one column: (gain, rows taken) of every step. First of equals."""
    free = np.ones(len(column), bool)
    steps = []
    while True:
        sums = [
            math.fsum(float(v) for v in column[i : i + block_size]) if free[i : i + block_size].all() else -math.inf
            for i in range(len(column) - block_size + 1)
        ]
        if not sums or max(sums) == -math.inf:
            return steps
        at = int(np.argmax(sums))
        steps.append((sums[at], tuple(range(at, at + block_size))))
        free[at : at + block_size] = False


def best_steps_mask(
    columns: list[list[tuple[float, tuple[int, ...]]]], shape: tuple[int, int], budget: int
) -> NDArray[np.bool_] | None:
    """Rows taken by the `budget` largest gains over all columns, lower columns first among equals; None if too few."""
    ranked = sorted((-gain, k, i) for k, steps in enumerate(columns) for i, (gain, _) in enumerate(steps))
    if len(ranked) < budget:
        return None
    mask = np.zeros(shape, bool)
    for _, k, i in ranked[:budget]:
        mask[list(columns[k][i][1]), k] = True
    return mask
