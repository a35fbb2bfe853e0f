"""What a selection means for a layer: shares kept by every method, curves, offsets, costs. Chooses no blocks itself."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.budgets import too_few_rows
from ubp_core.errors import CandidatesExhausted
from ubp_core.grouping.columns import WIDTH, ColumnGroups
from ubp_core.packed.format import SectionKind, array_bytes
from ubp_core.packed.graph import ELEMENT_BYTES
from ubp_core.selection import Selection, select_blocks
from ubp_core.vocabulary import DEFAULT_DTYPE, INT8, METHODS

SCALE_BYTES = 4
"""Of a row of int8."""

if TYPE_CHECKING:
    from ubp_core.models import Layer


@dataclass(frozen=True)
class MethodResult:
    """One method on one layer."""

    method: str
    retained: float | None
    """Share of the importance kept; None where `greedy` ran out of candidates, 1 where the layer stays dense."""
    upper_bound: float | None
    """Certificate of `optimal`, same unit."""
    blocks: int
    """Blocks placed (of as many weights as a block has, also for `unstructured`); 0 where the layer stays dense."""
    seconds: float
    """Time of the selection on this machine."""
    note: str = ""
    """Why the layer stays dense, or why there is no selection."""


@dataclass(frozen=True)
class LayerCost:
    """Size and work of a layer, dense and with its selection."""

    parameters_before: int
    parameters_after: int
    multiply_adds_before: int | None
    """For one image; None where the image size is unknown."""
    multiply_adds_after: int | None
    bytes_before: int
    """Of the dense weights in the layer's type, without the bias."""
    bytes_after: int
    """Of the layer in a packed file, without the bias: weights, block columns and row pointers."""


def compare_methods(
    importance: NDArray[Any],
    block_size: int,
    sparsity: float,
    methods: Sequence[str] = METHODS,
    threads: int | None = None,
    groups: ColumnGroups | None = None,
) -> tuple[MethodResult, ...]:
    """Every method on one layer [R, K] at the same budget; with groups, blocks have four columns.

    Errors are those of `select_blocks`, but for a greedy that ran out and for a layer with fewer rows than a block.
    """
    reason = too_few_rows(len(importance), block_size)
    if reason:
        return tuple(MethodResult(m, 1.0, 1.0 if m == "optimal" else None, 0, 0.0, reason) for m in methods)
    return tuple(_run_method(importance, block_size, sparsity, method, threads, groups) for method in methods)


def _run_method(
    importance: NDArray[Any],
    block_size: int,
    sparsity: float,
    method: str,
    threads: int | None,
    groups: ColumnGroups | None,
) -> MethodResult:
    started, width = time.perf_counter(), 1 if groups is None else WIDTH
    try:
        selection = select_blocks(importance, block_size, sparsity, method, threads, width, groups)
    except CandidatesExhausted as error:
        return MethodResult(method, None, None, error.found, time.perf_counter() - started, str(error))
    seconds = time.perf_counter() - started
    blocks = selection.block_count * selection.block_size * selection.block_columns // (block_size * width)
    return MethodResult(method, selection.retained, selection.upper_bound, blocks, seconds)


def retained_curve(
    importance: NDArray[Any],
    block_size: int,
    method: str,
    sparsities: Iterable[float],
    threads: int | None = None,
    groups: ColumnGroups | None = None,
) -> NDArray[np.float64]:
    """Share kept at each sparsity, float64 [len(sparsities)], NaN where `greedy` ran out, or no block fits.

    With groups, blocks have four columns.
    """
    if too_few_rows(len(importance), block_size):
        return np.full(len(tuple(sparsities)), np.nan)
    results = [_run_method(importance, block_size, sparsity, method, threads, groups) for sparsity in sparsities]
    return np.array([np.nan if r.retained is None else r.retained for r in results], np.float64)


def offset_histogram(selection: Selection) -> NDArray[np.int64]:
    """Blocks by `r % N`: int64 [N]. Aligned selections have all of them at 0."""
    starts, size = selection.blocks()[0], selection.block_size
    return np.bincount(starts % size, minlength=size).astype(np.int64)


def layer_cost(layer: Layer, selection: Selection | None, dtype: str = DEFAULT_DTYPE) -> LayerCost:
    """Parameters, multiply-adds and bytes of a layer before and after; a layer without a selection stays dense."""
    rows, columns = layer.rows, layer.columns
    before, work = layer.parameters, layer.multiply_adds
    weights = rows * columns
    dense = dense_bytes((rows, columns), dtype)
    if selection is None:
        return LayerCost(before, before, work, work, dense, dense)
    kept = len(selection.rows) * selection.block_size
    return LayerCost(
        parameters_before=before,
        parameters_after=before - weights + kept,
        multiply_adds_before=work,
        multiply_adds_after=None if work is None else work // weights * kept,
        bytes_before=dense,
        bytes_after=packed_bytes(selection, dtype),
    )


def dense_bytes(shape: tuple[int, int], dtype: str = DEFAULT_DTYPE) -> int:
    """Bytes of a layer's dense weights [R, K] in a type; of int8 with the rows' scales."""
    rows, columns = shape
    return rows * (columns * ELEMENT_BYTES[dtype] + (SCALE_BYTES if dtype == INT8 else 0))


def packed_bytes(selection: Selection, dtype: str = DEFAULT_DTYPE) -> int:
    """Bytes of a pruned layer in a packed file, without the bias; in int8, blocks of four columns stay whole."""
    whole = dtype == INT8
    blocks = selection.block_count if whole else len(selection.rows)
    columns = selection.block_columns if whole else 1
    arrays = array_bytes(*selection.shape, selection.block_size, blocks, dtype=dtype, block_columns=columns)
    return sum(size for kind, size in arrays.items() if kind != SectionKind.BIAS)
