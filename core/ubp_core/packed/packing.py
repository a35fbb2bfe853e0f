"""Turns a weight and a selection into the order the kernel streams.

Owns the checks on what is packed. Knows no bytes and no files; the way back is `PackedLayer.unpack`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ubp_core.budgets import no_kernel
from ubp_core.errors import SelectionError
from ubp_core.packed.format import MAX_COLUMNS, MAX_ROWS, MAX_STEP, start_rows
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.rotation import rotated_rows
from ubp_core.vocabulary import ACTIVATIONS


class BlockSelection(Protocol):
    """What packing needs of a `Selection`."""

    @property
    def rows(self) -> NDArray[np.int32]: ...
    @property
    def columns(self) -> NDArray[np.int32]: ...
    @property
    def block_size(self) -> int: ...
    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def method(self) -> str: ...
    @property
    def retained(self) -> float: ...
    @property
    def sparsity(self) -> float: ...


def pack(
    weight: Any,
    selection: BlockSelection,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    activation: str | None = None,
    *,
    name: str = "layer",
    criterion: str = "",
    image_hw: tuple[int, int] | None = None,
) -> PackedLayer:
    """Packs the selected blocks of a layer, weights rotated so that row q stands at q % N.

    Args:
        weight: fp32 tensor or array, [out, in, kh, kw] or [out, in]; finite.
        selection: blocks of the weight seen as [out, in * kh * kw]; block size 1, 2, 4, 8 or 16.
        bias: [out] or None for zeros.
        stride, padding, dilation: one number, or one for down and one for across.
        activation: None, "none", "relu", "relu6" or "hard_swish".
        name: the layer's name in its model.
        criterion: the importance that the selection saw.
        image_hw: input image of the layer in its model, a default for benchmarks.

    Raises:
        SelectionError: an argument that does not fit; the line names it.
    """
    dense = pack_dense(weight, bias, stride, padding, dilation, activation, name=name, image_hw=image_hw)
    starts, columns = check_blocks(selection, (dense.rows, dense.columns))
    block_size = selection.block_size
    counts = np.bincount(starts, minlength=start_rows(dense.rows, block_size))
    row_begin = np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32)
    return replace(
        dense,
        block_size=block_size,
        row_begin=row_begin,
        block_column=columns.astype(np.uint16),
        weights=dense.weights[rotated_rows(starts, block_size), columns[:, None]],
        method=selection.method,
        criterion=criterion,
        sparsity=float(selection.sparsity),
        retained=min(max(float(selection.retained), 0.0), 1.0),
    )


def pack_dense(
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    activation: str | None = None,
    *,
    name: str = "layer",
    image_hw: tuple[int, int] | None = None,
) -> PackedLayer:
    """A layer that keeps all its weights, row-major [out, in * kh * kw]; arguments as of `pack`."""
    values = float_array("weight", weight)
    if values.ndim not in (2, 4):
        raise SelectionError(f"weight: has {values.ndim} dimensions; a convolution has 4, a linear layer 2")
    rows, columns = values.shape[0], int(np.prod(values.shape[1:]))
    if not (1 <= rows <= MAX_ROWS and 1 <= columns <= MAX_COLUMNS):
        raise SelectionError(f"weight: {rows} x {columns} is outside 1..{MAX_ROWS} x 1..{MAX_COLUMNS}")
    bias_values = np.zeros(rows, np.float32) if bias is None else float_array("bias", bias)
    if bias_values.shape != (rows,):
        raise SelectionError(f"bias: has shape {bias_values.shape}, the weight has {rows} rows")
    if activation not in (None, *ACTIVATIONS):
        raise SelectionError(f"activation: {activation!r} is none of {', '.join(ACTIVATIONS)}")
    layer = PackedLayer(
        shape=tuple(int(side) for side in values.shape),
        block_size=0,
        row_begin=np.zeros(0, np.uint32),
        block_column=np.zeros(0, np.uint16),
        weights=np.ascontiguousarray(values.reshape(rows, columns)),
        bias=np.ascontiguousarray(bias_values),
        stride=pair("stride", stride, 1),
        padding=pair("padding", padding, 0),
        dilation=pair("dilation", dilation, 1),
        activation=activation or "none",
        name=name,
        method="dense",
        image_hw=image_hw,
    )
    if values.ndim == 2 and (layer.stride, layer.padding, layer.dilation) != ((1, 1), (0, 0), (1, 1)):
        raise SelectionError("stride, padding, dilation: a linear layer has none")
    return layer


def check_blocks(selection: BlockSelection, shape: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Start rows and columns of the blocks in stream order; refuses what the format can't hold."""
    size = selection.block_size
    if reason := no_kernel(size):
        raise SelectionError(f"block_size: {reason}")
    if tuple(selection.shape) != shape:
        raise SelectionError(f"selection: is of a {selection.shape} matrix, the weight is {shape}")
    rows, columns = np.asarray(selection.rows, np.int64), np.asarray(selection.columns, np.int64)
    if rows.ndim != 1 or rows.shape != columns.shape:
        raise SelectionError("selection: rows and columns must be lists of the same length")
    if rows.size and not (rows.min() >= 0 and rows.max() <= shape[0] - size):
        raise SelectionError(f"selection: a block starts outside row 0 to {shape[0] - size}")
    if columns.size and not (columns.min() >= 0 and columns.max() < shape[1]):
        raise SelectionError(f"selection: a block lies outside column 0 to {shape[1] - 1}")
    order = np.lexsort((columns, rows))
    rows, columns = rows[order], columns[order]
    by_column = np.argsort(columns, kind="stable")
    distance, same = np.diff(rows[by_column]), np.diff(columns[by_column]) == 0
    if np.any(same & (distance < size)):
        raise SelectionError("selection: two blocks of one column overlap")
    return rows, columns


def float_array(label: str, values: ArrayLike | Any) -> NDArray[np.float32]:
    """The values as finite fp32; takes tensors, and 16-bit floats, which fp32 holds exactly."""
    if hasattr(values, "detach"):  # a torch tensor, without importing torch for it
        values = values.detach().cpu()
        half = values.is_floating_point() and values.element_size() == 2
        values = (values.float() if half else values).numpy()
    array = np.asarray(values)
    if array.dtype.kind != "f" or array.dtype.itemsize > 4:
        raise SelectionError(
            f"{label}: is {array.dtype}; convert it to float32 first, so that nothing is lost silently"
        )
    result = np.asarray(array, np.float32)
    if not np.isfinite(result).all():
        raise SelectionError(f"{label}: holds a value that is not finite")
    return result


def pair(label: str, value: int | Sequence[int], least: int) -> tuple[int, int]:
    """(down, across) of a number or a pair, within what the format holds."""
    both = (value, value) if isinstance(value, int) else tuple(value)
    if len(both) != 2 or not all(isinstance(v, int) and least <= v <= MAX_STEP for v in both):
        raise SelectionError(f"{label}: {value!r} must be one or two whole numbers from {least} to {MAX_STEP}")
    return both[0], both[1]
