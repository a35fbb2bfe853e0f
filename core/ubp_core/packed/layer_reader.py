"""Judges one layer of a packed file: its record, its sections, and every element of its arrays.

Part of the reader: `reader` has checked the table and the checksums before. docs/format.md has the rules.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import FileError
from ubp_core.packed.dense_blocks import first_filled, from_blocks
from ubp_core.packed.format import (
    FLAG_ALIGNED,
    GROUPED_COLUMNS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_STEP,
    array_bytes,
    array_types,
)
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.rotation import block_starts
from ubp_core.packed.rules.integer_layers import check_filled_columns, check_integers, check_sums
from ubp_core.packed.rules.require import require
from ubp_core.vocabulary import ACTIVATIONS, DTYPES, INT8, PACKED_BLOCK_SIZES

Record = NDArray[np.void]


def read_layer(
    data: memoryview, table: Record, record: Record, index: int, section: int, texts: tuple[str, str, str]
) -> tuple[PackedLayer, int]:
    """One layer and the index of the section after its own.

    Args:
        data: the whole file.
        table: its section table, checked.
        record: the layer's record, unchecked but for its texts.
        index: the layer's number, for the field in an error.
        section: index of its first section.
        texts: name, method, criterion.
    """
    where = f"layers[{index}]"
    values = {label: record[label].item() for label in record.dtype.names or ()}
    check_record(values, where)
    arrays = layer_arrays(data, table, values, index, section)
    if values["block_size"]:
        check_row_begin(arrays["row_begin"], values["block_count"], where)
        aligned = check_aligned(arrays["row_begin"], values, where)
        arrays["block_column"] = without_columns_behind(arrays["block_column"], values["block_count"], where)
        check_columns(arrays, values, where)
    else:
        aligned = False
    require(
        bool(values["flags"] & FLAG_ALIGNED) == aligned,
        f"{where}.flags",
        f"the blocks are {'' if aligned else 'not '}aligned",
    )
    if dtype_of(values) == INT8:
        check_integers(arrays, values["columns"], where)
    else:
        check_finite(arrays["weights"], f"{where}.weights")
        check_finite(arrays["bias"], f"{where}.bias")
    if is_blocked(values):
        filled = first_filled(arrays["weights"], values["rows"], values["columns"])
        require(filled is None, f"{where}.weights[{filled}]", "is not 0, and belongs to no row")
        arrays["weights"] = from_blocks(arrays["weights"], values["rows"], values["columns"])
    layer = build_layer(values, arrays, texts)
    if layer.dtype == INT8:
        check_filled_columns(layer, where)
        check_sums(layer, where)
    return layer, section + len(arrays)


def check_record(values: dict[str, Any], where: str) -> None:
    """Checks every number of a record against its own range and the others."""

    def check(label: str, condition: bool, reason: str) -> None:
        require(condition, f"{where}.{label}", f"{values[label]} {reason}")

    def check_range(label: str, least: int, most: int) -> None:
        check(label, least <= values[label] <= most, f"is outside {least}..{most}")

    check("dtype", values["dtype"] < len(DTYPES), "is no type that this reader knows")
    check("flags", values["flags"] & ~FLAG_ALIGNED == 0, "has a bit that this version does not know")
    check("rank", values["rank"] in (2, 4), "is neither 2 nor 4")
    check_range("rows", 1, MAX_ROWS)
    check_range("columns", 1, MAX_COLUMNS)
    check("block_size", values["block_size"] in (0, *PACKED_BLOCK_SIZES), "is none of 0, 1, 2, 4, 8, 16")
    check("block_count", values["block_size"] > 0 or values["block_count"] == 0, "is not 0 in a dense layer")
    for label in ("in_channels", "kernel_h", "kernel_w"):
        check_range(label, 1, MAX_COLUMNS)
    taps = values["kernel_h"] * values["kernel_w"]
    check("in_channels", values["in_channels"] * taps == values["columns"], "times the kernel's taps is not columns")
    for label, least in (("stride", 1), ("pad", 0), ("dilation", 1)):
        check_range(f"{label}_h", least, MAX_STEP)
        check_range(f"{label}_w", least, MAX_STEP)
    check("activation", values["activation"] < len(ACTIVATIONS), "is no activation of this version")
    check_linear(values, where)
    for label in ("sparsity", "retained"):
        share = values[label]
        require(math.isfinite(share) and 0.0 <= share <= 1.0, f"{where}.{label}", "is outside 0..1")
    check_groups(values, where)
    check_range("image_h", 0, MAX_STEP)
    check_range("image_w", 0, MAX_STEP)
    check("image_w", (values["image_h"] == 0) == (values["image_w"] == 0), "and image_h must both be 0, or neither")
    wide = dtype_of(values) == "fp16"
    check("accumulate", values["accumulate"] <= wide, "is no way to sum the products of this type")
    grouped = values["block_columns"] == GROUPED_COLUMNS and dtype_of(values) == INT8 and values["block_size"] > 0
    check("block_columns", values["block_columns"] == 1 or grouped, "is no number of columns of this layer's blocks")
    for label in ("block_form", *(f"reserved{number}" for number in range(5))):
        check(label, values[label] == 0, "is not 0")


def check_groups(values: dict[str, Any], where: str) -> None:
    """Only a dense convolution has groups, and they share out rows and channels evenly."""
    groups, field = values["groups"], f"{where}.groups"
    require(1 <= groups <= MAX_COLUMNS, field, f"{groups} is outside 1..{MAX_COLUMNS}")
    plain = values["rank"] == 4 and values["block_size"] == 0
    require(groups == 1 or plain, field, f"{groups} is not 1 in a sparse or linear layer")
    require(values["rows"] % groups == 0, field, f"{groups} is no divisor of rows")
    channels = groups * values["in_channels"]
    require(channels <= MAX_COLUMNS, field, f"{groups} times in_channels is more than {MAX_COLUMNS}")


def check_linear(values: dict[str, Any], where: str) -> None:
    """A linear layer has a 1x1 kernel, and neither strides nor padding."""
    plain = {"kernel_h": 1, "kernel_w": 1, "stride_h": 1, "stride_w": 1, "pad_h": 0, "pad_w": 0}
    plain |= {"dilation_h": 1, "dilation_w": 1, "extra_h": 0, "extra_w": 0}
    for label, wanted in plain.items():
        require(
            values["rank"] == 4 or values[label] == wanted,
            f"{where}.{label}",
            f"is not {wanted}, as a linear layer has it",
        )


def dtype_of(values: dict[str, Any]) -> str:
    """Name of the layer's dtype."""
    return DTYPES[int(values["dtype"])]


def is_blocked(values: dict[str, Any]) -> bool:
    """Whether the layer is dense and its weights stand in blocks of 8 rows."""
    return bool(values["block_size"] == 0 and values["groups"] == 1)


def layer_arrays(data: memoryview, table: Record, values: dict[str, Any], index: int, section: int) -> dict[str, Any]:
    """Views of the layer's sections, once their kinds, owner and sizes fit the record."""
    rows, columns, size, count = (values[key] for key in ("rows", "columns", "block_size", "block_count"))
    sizes = array_bytes(rows, columns, size, count, values["groups"], dtype_of(values), values["block_columns"])
    types = array_types(dtype_of(values), values["block_size"] == 0)
    arrays: dict[str, Any] = {}
    for number, (kind, size) in enumerate(sizes.items(), section):
        where = f"sections[{number}]"
        require(number < len(table), "section_count", f"is {len(table)}, layer {index} has more")
        entry = table[number]
        require(int(entry["kind"]) == kind, f"{where}.kind", f"is not {int(kind)}")
        require(int(entry["layer"]) == index, f"{where}.layer", f"is not {index}")
        label, element = types[kind]
        require(
            int(entry["size"]) == size, f"{where}.size", f"is {int(entry['size'])}, {label} of layer {index} has {size}"
        )
        offset = int(entry["offset"])
        arrays[label] = np.frombuffer(data[offset : offset + size], element)
    return arrays


def check_row_begin(row_begin: NDArray[np.uint32], block_count: int, where: str) -> None:
    """Row pointers begin at 0, never fall, and end at the block count."""
    require(int(row_begin[0]) == 0, f"{where}.row_begin[0]", "is not 0")
    falling = np.flatnonzero(row_begin[1:] < row_begin[:-1])
    if falling.size:
        raise FileError(f"{where}.row_begin[{falling[0] + 1}]: is below the one before")
    last = len(row_begin) - 1
    require(int(row_begin[last]) == block_count, f"{where}.row_begin[{last}]", "is not block_count")


def check_aligned(row_begin: NDArray[np.uint32], values: dict[str, Any], where: str) -> bool:
    """Whether blocks begin only at multiples of the block size."""
    begins = np.flatnonzero(row_begin[1:] != row_begin[:-1])
    return not np.any(begins % values["block_size"])


def without_columns_behind(stored: NDArray[np.uint16], block_count: int, where: str) -> NDArray[np.uint16]:
    """The columns of the blocks, once the two behind them, which kernels read ahead, are 0."""
    filled = np.flatnonzero(stored[block_count:])
    if filled.size:
        raise FileError(f"{where}.block_column[{block_count + filled[0]}]: is not 0, and belongs to no block")
    return stored[:block_count]


def check_columns(arrays: dict[str, Any], values: dict[str, Any], where: str) -> None:
    """Columns exist, ascend within a start row, and no two blocks of a column overlap."""
    column: NDArray[np.uint16] = arrays["block_column"]
    starts = block_starts(arrays["row_begin"])
    width = values["block_columns"]
    beyond = np.flatnonzero(column >= -(-values["columns"] // width))
    if beyond.size:
        raise FileError(f"{where}.block_column[{beyond[0]}]: is beyond the last {'column' if width == 1 else 'group'}")
    falling = np.flatnonzero((starts[1:] == starts[:-1]) & (column[1:] <= column[:-1]))
    if falling.size:
        raise FileError(f"{where}.block_column[{falling[0] + 1}]: does not ascend within its start row")
    order = np.argsort(column, kind="stable")
    close = (np.diff(starts[order]) < values["block_size"]) & (column[order][1:] == column[order][:-1])
    if np.any(close):
        raise FileError(f"{where}.block_column[{order[1:][close].min()}]: the block overlaps one above it")


def check_finite(array: NDArray[np.floating], field: str) -> None:
    """Refuses infinities and NaNs."""
    finite = np.isfinite(array)
    if not finite.all():
        raise FileError(f"{field}[{int(np.argmin(finite))}]: is not finite")


def build_layer(values: dict[str, Any], arrays: dict[str, Any], texts: tuple[str, str, str]) -> PackedLayer:
    """The layer as a value, arrays shaped."""
    block_size, rows, columns = values["block_size"], values["rows"], values["columns"]
    block = (block_size, GROUPED_COLUMNS) if values["block_columns"] == GROUPED_COLUMNS else (block_size,)
    shape = (
        (rows, columns)
        if values["rank"] == 2
        else (rows, values["in_channels"], values["kernel_h"], values["kernel_w"])
    )
    return PackedLayer(
        shape=shape,
        block_size=block_size,
        row_begin=arrays.get("row_begin", np.zeros(0, np.uint32)),
        block_column=arrays.get("block_column", np.zeros(0, np.uint16)),
        weights=arrays["weights"].reshape((values["block_count"], *block) if block_size else (rows, columns)),
        bias=arrays["bias"],
        stride=(values["stride_h"], values["stride_w"]),
        padding=(values["pad_h"], values["pad_w"]),
        extra_padding=(values["extra_h"], values["extra_w"]),
        groups=values["groups"],
        dilation=(values["dilation_h"], values["dilation_w"]),
        activation=ACTIVATIONS[values["activation"]],
        name=texts[0],
        method=texts[1],
        criterion=texts[2],
        sparsity=values["sparsity"],
        retained=values["retained"],
        image_hw=(values["image_h"], values["image_w"]) if values["image_h"] else None,
        wide_sums=values["accumulate"] == 1,
        scales=arrays.get("scales", np.zeros(0, np.float32)),
        block_columns=values["block_columns"],
        column_order=arrays.get("column_order", np.zeros(0, np.uint16)),
    )
