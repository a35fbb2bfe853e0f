"""The native network runtime through its C interface, for tests."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.installation.binaries import LIBRARY
from ubp_core.native.library import ErrorLine, load
from ubp_core.native.network import Info, Options, Shape

Array = NDArray[np.float32]


@functools.cache
def library() -> ctypes.CDLL:
    loaded = load(LIBRARY)  # of our own: signatures of the package's are not to be changed
    loaded.ubp_network_input.restype = ctypes.c_void_p
    loaded.ubp_network_output.restype = ctypes.c_void_p
    return loaded


class NativeNetwork:
    """An open network; raises ValueError with the line where it is refused."""

    def __init__(self, data: bytes, threads: int = 1, kernel: int = 0) -> None:
        memory = np.empty(len(data) + 64, np.uint8)
        begin = -memory.ctypes.data % 64  # as a map is
        memory[begin : begin + len(data)] = np.frombuffer(data, np.uint8)
        self._memory = memory
        self.handle = ctypes.c_void_p()
        line, options = ErrorLine(), Options(threads, kernel)
        address = ctypes.c_void_p(memory.ctypes.data + begin)
        code = library().ubp_network_open_bytes(
            address, ctypes.c_size_t(len(data)), ctypes.byref(options), ctypes.byref(self.handle), *line.arguments
        )
        if code:
            assert not self.handle.value
            raise ValueError(str(line))

    def close(self) -> None:
        library().ubp_network_close(self.handle)

    def shape(self, what: str, index: int) -> tuple[int, ...]:
        shape, line = Shape(), ErrorLine()
        line.check(
            getattr(library(), f"ubp_network_{what}_shape")(self.handle, index, ctypes.byref(shape), *line.arguments)
        )
        return tuple(shape.sides[: shape.rank])

    def info(self) -> Info:
        info, line = Info(), ErrorLine()
        line.check(library().ubp_network_get_info(self.handle, ctypes.byref(info), *line.arguments))
        return info

    def run(self, *inputs: Array) -> list[Array]:
        arrays = [np.ascontiguousarray(x, np.float32) for x in inputs]
        count = library().ubp_network_output_count(self.handle)
        outputs = [np.full(self.shape("output", i), np.nan, np.float32) for i in range(count)]
        line = ErrorLine()
        line.check(library().ubp_network_run(self.handle, _pointers(arrays), _pointers(outputs), *line.arguments))
        return outputs


def _pointers(arrays: list[Array]) -> Any:
    return (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))


def run_network(data: bytes, *inputs: Array, threads: int = 1, kernel: int = 0) -> list[Array]:
    """Opens, runs once, closes."""
    network = NativeNetwork(data, threads, kernel)
    try:
        return network.run(*inputs)
    finally:
        network.close()
