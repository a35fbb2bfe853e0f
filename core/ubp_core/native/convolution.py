"""One packed layer on this machine, through native/include/ubp/convolution_c.h."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.native.library import ERROR, ErrorLine, library


class Layer(ctypes.Structure):
    """`ubp_layer` of common_c.h."""

    _fields_ = (
        *((name, ctypes.c_uint32) for name in (
            "rows", "columns", "block_size", "in_channels", "groups", "kernel_h", "kernel_w", "stride_h", "stride_w",
            "pad_h", "pad_w", "extra_h", "extra_w", "dilation_h", "dilation_w", "activation", "dtype",
            "wide_sums", "block_count", "blocked", "readable_after_weights", "block_columns",
        )),
        *((name, ctypes.c_void_p) for name in (
            "row_begin", "block_column", "weights", "bias", "integer_bias", "scales", "column_order",
        )),
    )  # fmt: skip


class Options(ctypes.Structure):
    """`ubp_convolution_options`."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("batch", "height", "width")),
        *((name, ctypes.c_uint32) for name in ("threads", "kernel", "dtype", "no_winograd")),
    )


class Info(ctypes.Structure):
    """`ubp_convolution_info`."""

    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("kernel", "tile_width")),
        *((name, ctypes.c_uint64) for name in ("tiles", "workspace_bytes")),
        *((name, ctypes.c_int64) for name in ("out_height", "out_width", "dense_ns", "sparse_ns")),
        ("core", ctypes.c_char * 16),
    )


@functools.cache
def _functions() -> ctypes.CDLL:
    """The library, with the signatures of the header."""
    loaded, handle = library(), ctypes.c_void_p
    loaded.ubp_convolution_open.argtypes = [
        ctypes.POINTER(Layer), ctypes.POINTER(Options), ctypes.POINTER(handle), *ERROR,
    ]  # fmt: skip
    loaded.ubp_convolution_get_info.argtypes = [handle, ctypes.POINTER(Info), *ERROR]
    loaded.ubp_convolution_run.argtypes = [handle, ctypes.c_void_p, ctypes.c_void_p, *ERROR]
    loaded.ubp_convolution_close.argtypes = [handle]
    loaded.ubp_convolution_close.restype = None
    return loaded


def convolve(
    fields: Mapping[str, int],
    arrays: Mapping[str, NDArray[Any]],
    images: NDArray[np.float32] | NDArray[np.float16],
    threads: int,
    kernel: int,
    winograd: bool = True,
) -> NDArray[np.float32] | NDArray[np.float16]:
    """Runs a layer once.

    Args:
        fields: the numbers of `ubp_layer`.
        arrays: its four arrays, C-contiguous, of the element types given there.
        images: C-contiguous [batch, in_channels, height, width], of the layer's type or float32.
        threads: 1 to 64.
        kernel: number of the kernel.
        winograd: a dense 3x3 layer of stride 1 may run by Winograd.

    Returns:
        [batch, rows, out_height, out_width], of the images' type.

    Raises:
        UbpError: the images do not fit the layer; one line from the operator.
        MemoryError: there was not enough.
    """
    layer = Layer(**fields, **{name: array.ctypes.data for name, array in arrays.items()})
    batch, _, height, width = images.shape
    options = Options(batch, height, width, threads, kernel, int(images.dtype == np.float16), not winograd)
    handle, error = ctypes.c_void_p(), ErrorLine()
    functions = _functions()
    status = functions.ubp_convolution_open(
        ctypes.byref(layer), ctypes.byref(options), ctypes.byref(handle), *error.arguments
    )
    error.check(status)
    try:
        info = Info()
        error.check(functions.ubp_convolution_get_info(handle, ctypes.byref(info), *error.arguments))
        output = np.empty((batch, fields["rows"], info.out_height, info.out_width), images.dtype)
        arrays_given = images.ctypes.data, output.ctypes.data
        error.check(functions.ubp_convolution_run(handle, *arrays_given, *error.arguments))
        return output
    finally:
        functions.ubp_convolution_close(handle)
