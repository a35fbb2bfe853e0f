"""Runs a packed layer on this machine, through the native operator. For checking results; not a benchmark."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import UbpError
from ubp_core.native.arrays import float_array
from ubp_core.native.convolution import convolve
from ubp_core.native.library import thread_count
from ubp_core.packed.layer import PackedLayer
from ubp_core.vocabulary import ACTIVATIONS, DTYPES, INT8, KERNELS


def run_layer(
    layer: PackedLayer, x: NDArray[Any], threads: int = 1, kernel: str = "sparse", winograd: bool = True
) -> NDArray[np.float32]:
    """Applies a packed layer: convolution or linear, bias and activation.

    Args:
        layer: a convolution or linear layer.
        x: [batch, in, height, width] of a convolution (or without batch), [batch, in] of a linear layer (or [in]);
            rounded to fp16 for a layer of that type.
        threads: 1 to 64; the result does not depend on it.
        kernel: one of KERNELS: "sparse" runs the packed blocks, "measured" what is faster here, "dense" all weights.
        winograd: a dense 3x3 layer of stride 1 may run by Winograd where that is faster.

    Returns:
        float32 of the same rank: [batch, out, out_height, out_width] or [batch, out].

    Raises:
        UbpError: x or an option does not fit the layer; the line says how.
    """
    if layer.dtype == INT8:
        raise UbpError(f"{layer.name}: is {layer.dtype}; it takes bytes, not numbers: ubp_bench runs it alone")
    if kernel not in KERNELS:
        raise UbpError(f"kernel: {kernel!r} is unknown; choose from {', '.join(KERNELS)}")
    values = float_array(x, "x")
    rank = len(layer.shape)
    batched = values if values.ndim == rank else values[None]
    if batched.ndim != rank or batched.shape[1] != layer.groups * layer.shape[1] or 0 in batched.shape:
        wanted = f"[batch, {layer.groups * layer.shape[1]}" + (", height, width]" if rank == 4 else "]")
        raise UbpError(f"x: need {wanted} (batch may be left out); got shape {list(values.shape)}")
    images = np.ascontiguousarray(batched.reshape(*batched.shape[:2], *(batched.shape[2:] or (1, 1))))
    with np.errstate(over="ignore"):  # beyond the largest number is infinity
        images = images.astype(layer.weights.dtype, copy=False)
    output = convolve(_fields(layer), _arrays(layer), images, thread_count(threads), KERNELS.index(kernel), winograd)
    output = (output if rank == 4 else output[:, :, 0, 0]).astype(np.float32, copy=False)
    return output if values.ndim == rank else output[0]


def _fields(layer: PackedLayer) -> dict[str, int]:
    pairs = {"kernel": layer.kernel, "stride": layer.stride, "pad": layer.padding, "dilation": layer.dilation}
    pairs |= {"extra": layer.extra_padding}
    return {
        "rows": layer.rows,
        "columns": layer.columns,
        "block_size": layer.block_size,
        "in_channels": layer.shape[1],
        "groups": layer.groups,
        **{f"{name}_{axis}": pair[i] for name, pair in pairs.items() for i, axis in enumerate("hw")},
        "activation": ACTIVATIONS.index(layer.activation),
        "dtype": DTYPES.index(layer.dtype),
        "wide_sums": int(layer.wide_sums),
        "block_count": layer.block_count,
    }


def _arrays(layer: PackedLayer) -> dict[str, NDArray[Any]]:
    return {
        "row_begin": np.ascontiguousarray(layer.row_begin, np.uint32),
        "block_column": np.ascontiguousarray(layer.stored_columns, np.uint16),
        "weights": np.ascontiguousarray(layer.weights),
        "bias": np.ascontiguousarray(layer.bias, np.float32),
    }
