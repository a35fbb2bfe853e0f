"""The C++ reader through its C interface, for tests."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np

from ubp_core.native.convolution import Layer
from ubp_core.native.library import ErrorLine, library

NUMBERS = (
    *("rows", "columns", "block_size", "in_channels", "groups", "kernel_h", "kernel_w", "stride_h", "stride_w"),
    *("pad_h", "pad_w", "extra_h", "extra_w", "dilation_h", "dilation_w", "activation", "dtype"),
    *("wide_sums", "block_count", "block_columns"),
)
POINTERS = ("row_begin", "block_column", "weights", "bias", "integer_bias", "scales", "column_order")


@dataclass(frozen=True)
class NativeLayer:
    """What the C++ reader says of a layer; arrays as offsets in the file, None where null."""

    name: str
    numbers: dict[str, int]
    offsets: dict[str, int | None]
    readable_after_weights: int


def read_native(data: bytes) -> str | list[NativeLayer]:
    """The layers of a file, or the line with which it is refused."""
    memory = np.empty(len(data) + 64, np.uint8)
    begin = -memory.ctypes.data % 64  # as a map is
    memory[begin : begin + len(data)] = np.frombuffer(data, np.uint8)
    address = memory.ctypes.data + begin
    handle, error = ctypes.c_void_p(), ctypes.create_string_buffer(300)
    code = library().ubp_file_open(
        ctypes.c_void_p(address), ctypes.c_size_t(len(data)), ctypes.byref(handle), error, ctypes.c_size_t(300)
    )
    if code:
        assert not handle.value and code == 1
        return error.value.decode()
    try:
        return [read_layer(handle, index, address) for index in range(library().ubp_file_layer_count(handle))]
    finally:
        library().ubp_file_close(handle)


def read_layer(handle: ctypes.c_void_p, index: int, address: int) -> NativeLayer:
    layer, name, size, line = Layer(), ctypes.c_void_p(), ctypes.c_size_t(), ErrorLine()
    line.check(library().ubp_file_get_layer(handle, index, ctypes.byref(layer), *line.arguments))
    line.check(
        library().ubp_file_get_layer_name(handle, index, ctypes.byref(name), ctypes.byref(size), *line.arguments)
    )
    pointers = {label: getattr(layer, label) for label in POINTERS}
    return NativeLayer(
        ctypes.string_at(name.value or 0, size.value).decode(),
        {label: getattr(layer, label) for label in NUMBERS},
        {label: pointer - address if pointer else None for label, pointer in pointers.items()},
        layer.readable_after_weights,
    )
