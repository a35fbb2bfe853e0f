"""The C++ reader through its C interface, for tests."""

from __future__ import annotations

import ctypes
import functools
from dataclasses import dataclass

import numpy as np

from ubp_core.native import LIBRARY

NUMBERS = (
    *("rows", "columns", "block_size", "in_channels", "groups", "kernel_h", "kernel_w", "stride_h", "stride_w"),
    *("pad_h", "pad_w", "extra_h", "extra_w", "dilation_h", "dilation_w", "activation", "block_count"),
)


class LayerView(ctypes.Structure):
    """`ubp::LayerView`, native/include/ubp/layer.h."""

    _fields_ = (
        *((name, ctypes.c_uint32) for name in NUMBERS),
        *((name, ctypes.c_void_p) for name in ("row_begin", "block_column", "weights", "bias")),
        ("readable_after_weights", ctypes.c_uint32),
    )


@dataclass(frozen=True)
class NativeLayer:
    """What the C++ reader says of a layer; arrays as offsets in the file, None where null."""

    name: str
    numbers: dict[str, int]
    offsets: dict[str, int | None]
    readable_after_weights: int


@functools.cache
def library() -> ctypes.CDLL:
    loaded = ctypes.CDLL(str(LIBRARY))
    loaded.ubp_file_layer.restype = ctypes.c_void_p
    loaded.ubp_file_layer_name.restype = ctypes.c_void_p
    return loaded


def read_native(data: bytes) -> str | list[NativeLayer]:
    """The layers of a file, or the line with which it is refused."""
    memory = np.empty(len(data) + 64, np.uint8)
    begin = -memory.ctypes.data % 64  # as a map is
    memory[begin : begin + len(data)] = np.frombuffer(data, np.uint8)
    address = memory.ctypes.data + begin
    handle, error = ctypes.c_void_p(), ctypes.create_string_buffer(300)
    code = library().ubp_file_open(
        ctypes.c_void_p(address), ctypes.c_size_t(len(data)), ctypes.byref(handle), error, 300
    )
    if code:
        assert not handle.value and code == 1
        return error.value.decode()
    try:
        return [read_layer(handle, index, address) for index in range(library().ubp_file_layer_count(handle))]
    finally:
        library().ubp_file_close(handle)


def read_layer(handle: ctypes.c_void_p, index: int, address: int) -> NativeLayer:
    view = LayerView.from_address(library().ubp_file_layer(handle, index))
    size = ctypes.c_size_t()
    name = ctypes.string_at(library().ubp_file_layer_name(handle, index, ctypes.byref(size)), size.value)
    pointers = {label: getattr(view, label) for label in ("row_begin", "block_column", "weights", "bias")}
    return NativeLayer(
        name.decode(),
        {label: getattr(view, label) for label in NUMBERS},
        {label: pointer - address if pointer else None for label, pointer in pointers.items()},
        view.readable_after_weights,
    )
