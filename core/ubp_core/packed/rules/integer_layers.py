"""Judges the arrays that only a layer of int8 has, and its whole numbers. docs/format.md has the rules.

Part of the reader: `layer_reader` has checked the record, the sections' sizes and the blocks before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import FileError
from ubp_core.packed.format import GROUPED_COLUMNS, LARGEST_BYTE, SMALLEST_WEIGHT, SUM_LIMIT
from ubp_core.packed.layer import PackedLayer


def check_integers(arrays: Mapping[str, NDArray[Any]], columns: int, where: str) -> None:
    """Weights are symmetric, scales usable, and the order of columns, where there is one, has each of them once.

    Raises:
        FileError: a rule is broken; the line starts with the field.
    """
    lowest = np.flatnonzero(arrays["weights"] == SMALLEST_WEIGHT)
    if lowest.size:
        raise FileError(f"{where}.weights[{lowest[0]}]: is {SMALLEST_WEIGHT}, and weights are -127 to 127")
    usable = np.isfinite(arrays["scales"]) & (arrays["scales"] > 0)
    if not usable.all():
        raise FileError(f"{where}.scales[{int(np.argmin(usable))}]: is not a finite number above 0")
    check_order(arrays["column_order"], columns, f"{where}.column_order")


def check_order(order: NDArray[np.uint16], columns: int, field: str) -> None:
    """A permutation of the columns, or nothing."""
    beyond = np.flatnonzero(order >= columns)
    if beyond.size:
        raise FileError(f"{field}[{beyond[0]}]: is beyond the last column")
    first = np.unique(order, return_index=True)[1]
    if len(first) < len(order):
        again = np.setdiff1d(np.arange(len(order)), first)
        raise FileError(f"{field}[{again[0]}]: has a column that stands before it")


def check_filled_columns(layer: PackedLayer, where: str) -> None:
    """In the last of the groups of four columns, places that have no column are 0."""
    missing = -layer.columns % GROUPED_COLUMNS
    if layer.block_columns != GROUPED_COLUMNS or not missing:
        return
    last = layer.block_column == layer.columns // GROUPED_COLUMNS
    filled = np.zeros(layer.weights.shape, np.bool_)
    filled[last, :, GROUPED_COLUMNS - missing :] = layer.weights[last, :, GROUPED_COLUMNS - missing :] != 0
    found = np.flatnonzero(filled)
    if found.size:
        raise FileError(f"{where}.weights[{found[0]}]: is not 0, and belongs to no column")


def largest_sums(layer: PackedLayer) -> NDArray[np.int64]:
    """[rows] what no input can exceed, without its sign."""
    sizes = np.abs(layer.unpack_stored().astype(np.int64)).sum(1)
    sums: NDArray[np.int64] = LARGEST_BYTE * sizes + np.abs(layer.bias.astype(np.int64))
    return sums


def check_sums(layer: PackedLayer, where: str) -> None:
    """No input makes a row's sum overflow an i32."""
    large = np.flatnonzero(largest_sums(layer) >= SUM_LIMIT)
    if large.size:
        raise FileError(f"{where}.bias[{large[0]}]: with it and its weights the row's sum could reach 2^31")
