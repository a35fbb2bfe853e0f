"""Hand-made bad layers of int8, a part of `bad_files`: one change to a good file for every rule that only they have."""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import numpy as np

from file_changes import Change, element, entry, record, relaid
from integer_samples import integer_layer_bytes
from packed_samples import section_entry
from ubp_core.packed.writer import Section

# The good file's sections: 0 texts, 1 layers, then six per sparse layer of int8, four per dense one.
CONV = dict(columns=3, weights=4, bias=5, scales=6, order=7)  # layer 0: 9 x 12, N = 4
GROUPED = dict(row_begin=8, columns=9, weights=10, bias=11, scales=12, order=13)  # layer 1: 8 x 10, N = 2, 4 columns
DENSE = dict(weights=14, bias=15, scales=16, order=17)  # layer 2: 3 x 4
DEPTHWISE = dict(weights=18, bias=19, scales=20)  # layer 3: 6 x 9

good_integers = functools.cache(integer_layer_bytes)


def array(section: int, form: str) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
    one = section_entry(good_integers(), section)
    return np.frombuffer(good_integers(), form, int(one["size"]) // np.dtype(form).itemsize, int(one["offset"]))


def in_the_last_group() -> int:
    """Index of the first place that has no column, among the weights of layer 1."""
    block = int(np.flatnonzero(array(GROUPED["columns"], "<u2")[:-2] == 2)[0])
    return block * 2 * 4 + 2


def lengthened(section: int, count: int) -> Change:
    """A section with so many bytes more."""

    def edit(sections: list[Section]) -> None:
        data = bytes(sections[section].data) + bytes(count)
        sections[section] = replace(sections[section], data=memoryview(data))

    return relaid(edit)


ORDER = array(GROUPED["order"], "<u2")
ROW = int(np.flatnonzero(np.diff(array(GROUPED["row_begin"], "<u4").astype(np.int64)))[0])
"""The first row of layer 1 that has weights."""

INTEGER_CASES: dict[str, tuple[str, Change]] = {
    "weight of -128": ("layers[0].weights[5]", element(CONV["weights"], 5, -128, "b")),
    "dense weight of -128": ("layers[3].weights[0]", element(DEPTHWISE["weights"], 0, -128, "b")),
    "scale of 0": ("layers[0].scales[8]", element(CONV["scales"], 8, 0.0, "f")),
    "negative scale": ("layers[1].scales[0]", element(GROUPED["scales"], 0, -0.5, "f")),
    "scale of a row NaN": ("layers[2].scales[1]", element(DENSE["scales"], 1, math.nan, "f")),
    "infinite scale": ("layers[3].scales[2]", element(DEPTHWISE["scales"], 2, math.inf, "f")),
    "column in the order beyond": ("layers[1].column_order[3]", element(GROUPED["order"], 3, 10, "H")),
    "column twice in the order": ("layers[1].column_order[4]", element(GROUPED["order"], 4, int(ORDER[2]), "H")),
    "group beyond": ("layers[1].block_column[0]", element(GROUPED["columns"], 0, 3, "H")),
    "whole weight of a row that is none": ("layers[2].weights[3]", element(DENSE["weights"], 3, 1, "b")),
    "weight of a column that is none": (
        f"layers[1].weights[{in_the_last_group()}]", element(GROUPED["weights"], in_the_last_group(), -1, "b")),
    "sum that overflows": ("layers[2].bias[1]", element(DENSE["bias"], 1, 2**31 - 1, "i")),
    "sum below what an i32 holds": ("layers[3].bias[0]", element(DEPTHWISE["bias"], 0, -(2**31), "i")),
    "sum of a sparse layer that overflows": ("layers[0].bias[4]", element(CONV["bias"], 4, 2**31 - 1, "i")),
    "sum of a grouped layer that overflows": (
        f"layers[1].bias[{ROW}]", element(GROUPED["bias"], ROW, -(2**31) + 1, "i")),
    "wide sums of int8": ("layers[0].accumulate", record(0, "accumulate", 1)),
    "two columns of a block": ("layers[0].block_columns", record(0, "block_columns", 2)),
    "columns of a block in a dense layer": ("layers[2].block_columns", record(2, "block_columns", 4)),
    "four columns against the size of weights": (
        f"sections[{CONV['weights']}].size", record(0, "block_columns", 4)),
    "one column against the size of weights": (
        f"sections[{GROUPED['weights']}].size", record(1, "block_columns", 1)),
    "zipped blocks of int8": ("layers[1].block_form", record(1, "block_form", 1)),
    "int8 against the size of weights": ("sections[30].size", record(5, "dtype", 2)),
    "fp32 against the size of whole weights": (f"sections[{CONV['weights']}].size", record(0, "dtype", 0)),
    "order where scales belong": (f"sections[{CONV['scales']}].kind", entry(CONV["scales"], "kind", 8)),
    "order of a layer that has none": (f"sections[{CONV['order']}].size", lengthened(CONV["order"], 24)),
    "scales of no row": (f"sections[{DENSE['scales']}].size", lengthened(DENSE["scales"], 4)),
}  # fmt: skip
