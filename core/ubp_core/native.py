"""The one binding to the native library (ctypes). Must not decide anything: it converts arguments and error codes."""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import BuildError, FileError, UbpError

LIBRARY = Path(__file__).parent / "_lib" / {"darwin": "libubp.dylib", "win32": "ubp.dll"}.get(sys.platform, "libubp.so")

SELECT_OK, SELECT_BAD_VALUE, SELECT_EXHAUSTED, SELECT_NO_MEMORY = range(4)

_FLOATS = np.ctypeslib.ndpointer(np.float32, flags="C_CONTIGUOUS")
_INTS = np.ctypeslib.ndpointer(np.int32, flags="C_CONTIGUOUS")


class _SelectionInfo(ctypes.Structure):
    _fields_ = (
        ("found", ctypes.c_int64),
        ("kept", ctypes.c_double),
        ("total", ctypes.c_double),
        ("upper_bound", ctypes.c_double),
    )


class _Share(ctypes.Structure):
    _fields_ = (
        ("importance", ctypes.c_void_p),
        ("rows", ctypes.c_int64),
        ("columns", ctypes.c_int64),
        ("scale", ctypes.c_double),
        ("floor", ctypes.c_int64),
        ("ceiling", ctypes.c_int64),
        ("count", ctypes.c_int64),
        ("bound", ctypes.c_double),
    )


class _Layer(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_uint32) for name in (
            "rows", "columns", "block_size", "in_channels", "groups", "kernel_h", "kernel_w", "stride_h", "stride_w",
            "pad_h", "pad_w", "extra_h", "extra_w", "dilation_h", "dilation_w", "activation", "block_count",
        )),
        *((name, ctypes.c_void_p) for name in ("row_begin", "block_column", "weights", "bias")),
    )  # fmt: skip


class _ConvolutionInfo(ctypes.Structure):
    _fields_ = (
        ("kernel", ctypes.c_uint32),
        ("tile_width", ctypes.c_uint32),
        ("tiles", ctypes.c_uint64),
        ("workspace_bytes", ctypes.c_uint64),
        ("out_height", ctypes.c_int64),
        ("out_width", ctypes.c_int64),
        ("dense_ns", ctypes.c_int64),
        ("sparse_ns", ctypes.c_int64),
        ("core", ctypes.c_char * 16),
    )


class _NetworkOptions(ctypes.Structure):
    _fields_ = (("threads", ctypes.c_uint32), ("kernel", ctypes.c_uint32))


class _NetworkShape(ctypes.Structure):
    _fields_ = (("rank", ctypes.c_uint32), ("sides", ctypes.c_uint32 * 4), ("elements", ctypes.c_uint64))

    def as_tuple(self) -> tuple[int, ...]:
        return tuple(self.sides[: self.rank])


class _NetworkStep(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_size_t),
        ("operation", ctypes.c_char_p),
        ("kernel", ctypes.c_char_p),
        ("layer", ctypes.c_int32),
        ("input", _NetworkShape),
        ("output", _NetworkShape),
        ("multiply_adds", ctypes.c_int64),
        ("dense_multiply_adds", ctypes.c_int64),
    )


class _NetworkMemory(ctypes.Structure):
    _fields_ = tuple((f"{name}_bytes", ctypes.c_uint64) for name in ("file", "arena", "workspace", "prepared"))


@dataclass(frozen=True)
class NetworkStep:
    """One node of an open network, as it runs."""

    name: str
    """Place in the model."""
    operation: str
    """convolution, depthwise, grouped, linear, add, multiply, activation, ..."""
    kernel: str
    """dense, abp, ubp, or empty where there is no choice."""
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
    """Biases, counts, and copies that operators keep."""


@dataclass(frozen=True)
class SelectOutcome:
    """What the native selection returned."""

    status: int
    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    found: int
    kept: float
    total: float
    upper_bound: float


@functools.cache
def library() -> ctypes.CDLL:
    """The loaded library, with its signatures.

    Raises:
        BuildError: it is missing or made for another machine.
    """
    try:
        loaded = ctypes.CDLL(str(LIBRARY))
    except OSError as error:
        raise BuildError(
            f"the native library can't be loaded ({error}); reinstall with pip, or run: python native/build.py host"
        ) from error
    loaded.ubp_select.restype = ctypes.c_int
    loaded.ubp_select.argtypes = [
        _FLOATS, ctypes.c_int64, ctypes.c_int64, ctypes.c_int32, ctypes.c_int64,
        ctypes.c_int32, ctypes.c_int32, _INTS, _INTS, ctypes.POINTER(_SelectionInfo),
    ]  # fmt: skip
    loaded.ubp_allocate.restype = ctypes.c_int
    loaded.ubp_allocate.argtypes = [
        ctypes.POINTER(_Share), ctypes.c_int64, ctypes.c_int32, ctypes.c_int64,
        ctypes.c_int32, ctypes.c_int32, ctypes.POINTER(ctypes.c_int64), ctypes.POINTER(ctypes.c_void_p),
    ]  # fmt: skip
    loaded.ubp_allocation_select.restype = ctypes.c_int
    loaded.ubp_allocation_select.argtypes = [
        ctypes.c_void_p, ctypes.c_int64, _INTS, _INTS, ctypes.POINTER(_SelectionInfo),
    ]  # fmt: skip
    loaded.ubp_allocation_free.restype = None
    loaded.ubp_allocation_free.argtypes = [ctypes.c_void_p]
    loaded.ubp_convolution_create.restype = ctypes.c_int32
    loaded.ubp_convolution_create.argtypes = [
        ctypes.POINTER(_Layer), ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint32, ctypes.c_uint32,
        ctypes.POINTER(ctypes.c_void_p), ctypes.c_char_p, ctypes.c_size_t,
    ]  # fmt: skip
    loaded.ubp_convolution_get_info.argtypes = [ctypes.c_void_p, ctypes.POINTER(_ConvolutionInfo)]
    loaded.ubp_convolution_run.restype = ctypes.c_int32
    loaded.ubp_convolution_run.argtypes = [ctypes.c_void_p, _FLOATS, _FLOATS]
    loaded.ubp_convolution_destroy.argtypes = [ctypes.c_void_p]
    loaded.ubp_convolution_destroy.restype = None
    _declare_network(loaded)
    return loaded


def _declare_network(loaded: ctypes.CDLL) -> None:
    """Signatures of native/include/ubp/network_c.h."""
    handle, index, shape = ctypes.c_void_p, ctypes.c_uint32, ctypes.POINTER(_NetworkShape)
    arrays = ctypes.POINTER(ctypes.c_void_p)
    loaded.ubp_network_open.argtypes = [
        ctypes.c_char_p, ctypes.POINTER(_NetworkOptions), ctypes.POINTER(handle), ctypes.c_char_p, ctypes.c_size_t,
    ]  # fmt: skip
    loaded.ubp_network_close.argtypes = [handle]
    loaded.ubp_network_close.restype = None
    for what in ("input", "output", "step"):
        getattr(loaded, f"ubp_network_{what}_count").argtypes = [handle]
        getattr(loaded, f"ubp_network_{what}_count").restype = ctypes.c_uint32
    loaded.ubp_network_input_shape.argtypes = loaded.ubp_network_output_shape.argtypes = [handle, index, shape]
    loaded.ubp_network_run.argtypes = [handle, arrays, arrays]
    loaded.ubp_network_run_profiled.argtypes = [handle, arrays, arrays, ctypes.POINTER(ctypes.c_int64)]
    loaded.ubp_network_get_step.argtypes = [handle, index, ctypes.POINTER(_NetworkStep)]
    loaded.ubp_network_get_memory.argtypes = [handle, ctypes.POINTER(_NetworkMemory)]
    loaded.ubp_network_get_memory.restype = None


class OpenNetwork:
    """A network that is ready to run (native/include/ubp/network_c.h); freed by `close`, or with the object."""

    def __init__(self, path: Path, threads: int, kernel: int) -> None:
        """Maps the file, checks all of it and allocates everything.

        Raises:
            FileError: the file or an option is refused; one line from the reader.
        """
        self._handle = ctypes.c_void_p()
        options, error = _NetworkOptions(threads, kernel), ctypes.create_string_buffer(256)
        status = library().ubp_network_open(
            str(path).encode(sys.getfilesystemencoding(), "surrogateescape"),
            ctypes.byref(options), ctypes.byref(self._handle), error, len(error),
        )  # fmt: skip
        if status:
            raise FileError(error.value.decode(errors="replace"))
        self.inputs: tuple[tuple[int, ...], ...] = self._shapes("input")
        self.outputs: tuple[tuple[int, ...], ...] = self._shapes("output")

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Frees everything; may be called twice."""
        if self._handle:
            library().ubp_network_close(self._handle)
            self._handle = ctypes.c_void_p()
            self.inputs = self.outputs = ()

    def _shapes(self, what: str) -> tuple[tuple[int, ...], ...]:
        count, shape = getattr(library(), f"ubp_network_{what}_count")(self._handle), _NetworkShape()
        shapes = []
        for index in range(count):
            getattr(library(), f"ubp_network_{what}_shape")(self._handle, index, ctypes.byref(shape))
            shapes.append(shape.as_tuple())
        return tuple(shapes)

    def run(self, inputs: Sequence[NDArray[np.float32]]) -> tuple[NDArray[np.float32], ...]:
        """Runs once on C-contiguous float32 arrays of the shapes in `inputs`."""
        outputs = tuple(np.empty(shape, np.float32) for shape in self.outputs)
        library().ubp_network_run(self._handle, _pointers(inputs), _pointers(outputs))
        return outputs

    def profile(self, inputs: Sequence[NDArray[np.float32]]) -> NDArray[np.int64]:
        """Runs once and returns the nanoseconds of each step."""
        outputs = tuple(np.empty(shape, np.float32) for shape in self.outputs)
        times = np.zeros(library().ubp_network_step_count(self._handle), np.int64)
        pointer = times.ctypes.data_as(ctypes.POINTER(ctypes.c_int64))
        library().ubp_network_run_profiled(self._handle, _pointers(inputs), _pointers(outputs), pointer)
        return times

    def steps(self) -> tuple[NetworkStep, ...]:
        """All nodes in the order in which they run."""
        return tuple(self._step(index) for index in range(library().ubp_network_step_count(self._handle)))

    def _step(self, index: int) -> NetworkStep:
        step = _NetworkStep()
        library().ubp_network_get_step(self._handle, index, ctypes.byref(step))
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
        memory = _NetworkMemory()
        library().ubp_network_get_memory(self._handle, ctypes.byref(memory))
        return NetworkMemory(memory.file_bytes, memory.arena_bytes, memory.workspace_bytes, memory.prepared_bytes)


def _pointers(arrays: Sequence[NDArray[np.float32]]) -> Any:
    """An array of the arrays' addresses."""
    return (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))


def select(importance: NDArray[np.float32], block_size: int, budget: int, method: int, threads: int) -> SelectOutcome:
    """Runs `ubp_select` (native/include/ubp/selection_c.h) on a C-contiguous float32 [R, K]."""
    rows, columns = importance.shape
    out_rows, out_columns = np.empty(budget, np.int32), np.empty(budget, np.int32)
    info = _SelectionInfo()
    status = library().ubp_select(
        importance, rows, columns, block_size, budget, method, threads, out_rows, out_columns, ctypes.byref(info)
    )
    return SelectOutcome(status, out_rows, out_columns, info.found, info.kept, info.total, info.upper_bound)


class Allocation:
    """A budget shared out over layers, and what the search has found about them (native/include/ubp/selection_c.h)."""

    status: int
    """One of SELECT_*; the layers can be selected only after SELECT_OK."""
    found: int
    counts: list[int]
    """Blocks of each layer."""
    bounds: list[float]
    """Of each layer, see `ubp_allocate`."""

    def __init__(
        self,
        layers: Sequence[tuple[NDArray[np.float32], float, int, int]],
        block_size: int,
        budget: int,
        method: int,
        threads: int,
    ) -> None:
        """Runs `ubp_allocate`.

        Args:
            layers: importance (C-contiguous float32 [R, K]), scale, floor and ceiling of each.
        """
        self._handle, self._layers, found = ctypes.c_void_p(), layers, ctypes.c_int64()
        shares = (_Share * len(layers))(
            *(_Share(m.ctypes.data, *m.shape, scale, floor, ceiling) for m, scale, floor, ceiling in layers)
        )
        self.status = library().ubp_allocate(
            shares, len(layers), block_size, budget, method, threads, ctypes.byref(found), ctypes.byref(self._handle)
        )
        self.found, self.counts, self.bounds = found.value, [s.count for s in shares], [s.bound for s in shares]

    def __del__(self) -> None:
        if self._handle:
            library().ubp_allocation_free(self._handle)

    def select(self, index: int) -> SelectOutcome:
        """The blocks of one layer: what `select` gives for its count."""
        count, info = self.counts[index], _SelectionInfo()
        rows, columns = np.empty(count, np.int32), np.empty(count, np.int32)
        status = library().ubp_allocation_select(self._handle, index, rows, columns, ctypes.byref(info))
        return SelectOutcome(status, rows, columns, info.found, info.kept, info.total, info.upper_bound)


def convolve(
    fields: Mapping[str, int],
    arrays: Mapping[str, NDArray[Any]],
    images: NDArray[np.float32],
    threads: int,
    kernel: int,
) -> NDArray[np.float32]:
    """Runs a layer once (native/include/ubp/convolution_c.h).

    Args:
        fields: the numbers of `struct ubp_layer`.
        arrays: its four arrays, C-contiguous, of the element types given there.
        images: C-contiguous float32 [batch, in_channels, height, width].
        threads: 1 to 64.
        kernel: one of UBP_KERNEL_*.

    Returns:
        float32 [batch, rows, out_height, out_width].

    Raises:
        UbpError: the images do not fit the layer; one line from the operator.
    """
    pointers = {name: array.ctypes.data for name, array in arrays.items()}
    layer = _Layer(**fields, **pointers)
    batch, _, height, width = images.shape
    handle, error = ctypes.c_void_p(), ctypes.create_string_buffer(256)
    status = library().ubp_convolution_create(
        ctypes.byref(layer), batch, height, width, threads, kernel, ctypes.byref(handle), error, len(error)
    )
    if status:
        raise UbpError(error.value.decode(errors="replace"))
    try:
        info = _ConvolutionInfo()
        library().ubp_convolution_get_info(handle, ctypes.byref(info))
        output = np.empty((batch, fields["rows"], info.out_height, info.out_width), np.float32)
        library().ubp_convolution_run(handle, images, output)
        return output
    finally:
        library().ubp_convolution_destroy(handle)
