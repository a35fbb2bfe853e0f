"""A packed network on this machine, through native/include/ubp/network_c.h."""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import FileError
from ubp_core.native.library import ERROR, ErrorLine, Status, library


class Options(ctypes.Structure):
    """`ubp_network_options` of network_c.h."""

    _fields_ = tuple((name, ctypes.c_uint32) for name in ("threads", "kernel", "no_winograd"))


class Shape(ctypes.Structure):
    """`ubp_network_shape`."""

    _fields_ = (
        ("rank", ctypes.c_uint32),
        ("sides", ctypes.c_uint32 * 4),
        ("dtype", ctypes.c_uint32),
        ("elements", ctypes.c_uint64),
    )

    def as_tuple(self) -> tuple[int, ...]:
        return tuple(self.sides[: self.rank])


class Step(ctypes.Structure):
    """`ubp_network_step`."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_size_t),
        ("operation", ctypes.c_char_p),
        ("kernel", ctypes.c_char_p),
        ("layer", ctypes.c_int32),
        ("input", Shape),
        ("output", Shape),
        ("multiply_adds", ctypes.c_int64),
        ("dense_multiply_adds", ctypes.c_int64),
    )


class Info(ctypes.Structure):
    """`ubp_network_info`."""

    _fields_ = tuple((f"{name}_bytes", ctypes.c_uint64) for name in ("file", "arena", "workspace", "prepared"))
    _fields_ += (("arithmetic", ctypes.c_char_p),)


@functools.cache
def _functions() -> ctypes.CDLL:
    """The library, with the signatures of the header."""
    loaded, handle, index = library(), ctypes.c_void_p, ctypes.c_uint32
    shape, arrays = ctypes.POINTER(Shape), ctypes.POINTER(ctypes.c_void_p)
    loaded.ubp_network_open.argtypes = [ctypes.c_char_p, ctypes.POINTER(Options), ctypes.POINTER(handle), *ERROR]
    loaded.ubp_network_close.argtypes = [handle]
    loaded.ubp_network_close.restype = None
    for what in ("input", "output", "step"):
        getattr(loaded, f"ubp_network_{what}_count").argtypes = [handle]
        getattr(loaded, f"ubp_network_{what}_count").restype = ctypes.c_uint32
    for what in ("input", "output"):
        getattr(loaded, f"ubp_network_{what}_shape").argtypes = [handle, index, shape, *ERROR]
    loaded.ubp_network_run.argtypes = [handle, arrays, arrays, *ERROR]
    loaded.ubp_network_run_profiled.argtypes = [handle, arrays, arrays, ctypes.POINTER(ctypes.c_int64), *ERROR]
    loaded.ubp_network_get_step.argtypes = [handle, index, ctypes.POINTER(Step), *ERROR]
    loaded.ubp_network_get_info.argtypes = [handle, ctypes.POINTER(Info), *ERROR]
    return loaded


@dataclass(frozen=True)
class NetworkStep:
    """One node of an open network, as it runs."""

    name: str
    """Place in the model."""
    operation: str
    """convolution, depthwise, grouped, linear, add, multiply, activation, ..."""
    kernel: str
    """dense, winograd, abp, ubp, or empty where there is no choice."""
    layer: int | None
    """Number of its layer in the file."""
    input: tuple[int, ...]
    output: tuple[int, ...]
    multiply_adds: int
    """Of one run: what the kernel does."""
    dense_multiply_adds: int
    """Of one run: what the dense layer needs."""


@dataclass(frozen=True)
class NetworkMemory:
    """What an open network holds, in bytes."""

    file: int
    """Mapped, read-only, shared with others that map it."""
    arena: int
    """All arrays of a run."""
    workspace: int
    """Of all threads."""
    prepared: int
    """Biases, counts, copies, and Winograd's weights that operators keep."""


class OpenNetwork:
    """A network that is ready to run; freed by `close`, or with the object."""

    inputs: tuple[tuple[int, ...], ...]
    """Shapes of the inputs; empty once closed."""
    outputs: tuple[tuple[int, ...], ...]
    """Shapes of the outputs; empty once closed."""
    steps: tuple[NetworkStep, ...]
    """All nodes in the order in which they run."""

    def __init__(self, path: Path, threads: int, kernel: int, winograd: bool = True) -> None:
        """Maps the file, checks all of it and allocates everything.

        Raises:
            FileError: the file or an option is refused; one line from the reader.
            MemoryError: there was not enough.
        """
        self._handle = ctypes.c_void_p()
        self._path = path
        options, error = Options(threads, kernel, not winograd), ErrorLine()
        status = _functions().ubp_network_open(
            str(path).encode(sys.getfilesystemencoding(), "surrogateescape"),
            ctypes.byref(options), ctypes.byref(self._handle), *error.arguments,
        )  # fmt: skip
        error.check(status, FileError)
        self.inputs, self.outputs = self._shapes("input"), self._shapes("output")
        self.steps = tuple(self._step(index) for index in range(self._count("step")))  # their names lie in the file

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Frees everything; may be called twice."""
        if self._handle:
            _functions().ubp_network_close(self._handle)
            self._handle = ctypes.c_void_p()
            self.inputs = self.outputs = ()

    def _call(self, name: str, *arguments: object) -> None:
        """A function that can fail, on this network.

        Raises:
            FileError: the file was changed while it was open.
        """
        error = ErrorLine()
        status = getattr(_functions(), f"ubp_network_{name}")(self._handle, *arguments, *error.arguments)
        if status == Status.UNREADABLE:
            raise FileError(f"{self._path}: {error}")
        error.check(status)

    def _count(self, what: str) -> int:
        count: int = getattr(_functions(), f"ubp_network_{what}_count")(self._handle)
        return count

    def _shapes(self, what: str) -> tuple[tuple[int, ...], ...]:
        shape, shapes = Shape(), []
        for index in range(self._count(what)):
            self._call(f"{what}_shape", index, ctypes.byref(shape))
            shapes.append(shape.as_tuple())
        return tuple(shapes)

    def run(self, inputs: Sequence[NDArray[np.float32]]) -> tuple[NDArray[np.float32], ...]:
        """Runs once on C-contiguous float32 arrays of the shapes in `inputs`."""
        outputs = tuple(np.empty(shape, np.float32) for shape in self.outputs)
        self._call("run", _pointers(inputs), _pointers(outputs))
        return outputs

    def profile(self, inputs: Sequence[NDArray[np.float32]]) -> NDArray[np.int64]:
        """Runs once and returns the nanoseconds of each step."""
        outputs = tuple(np.empty(shape, np.float32) for shape in self.outputs)
        times = np.zeros(self._count("step"), np.int64)
        pointer = times.ctypes.data_as(ctypes.POINTER(ctypes.c_int64))
        self._call("run_profiled", _pointers(inputs), _pointers(outputs), pointer)
        return times

    def _step(self, index: int) -> NetworkStep:
        step = Step()
        self._call("get_step", index, ctypes.byref(step))
        return NetworkStep(
            name=ctypes.string_at(step.name, step.name_size).decode(),
            operation=step.operation.decode(),
            kernel=step.kernel.decode(),
            layer=None if step.layer < 0 else step.layer,
            input=step.input.as_tuple(),
            output=step.output.as_tuple(),
            multiply_adds=step.multiply_adds,
            dense_multiply_adds=step.dense_multiply_adds,
        )

    def memory(self) -> NetworkMemory:
        """What it holds."""
        info = self._info()
        return NetworkMemory(info.file_bytes, info.arena_bytes, info.workspace_bytes, info.prepared_bytes)

    @property
    def arithmetic(self) -> str:
        """int8 where any of it is computed in int8, else fp16 likewise, else fp32."""
        return str(self._info().arithmetic.decode())

    def _info(self) -> Info:
        info = Info()
        self._call("get_info", ctypes.byref(info))
        return info


def _pointers(arrays: Sequence[NDArray[np.float32]]) -> Any:
    """An array of the arrays' addresses."""
    return (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))
