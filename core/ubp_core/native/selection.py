"""Block selection through native/include/ubp/selection_c.h."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import CandidatesExhausted, SelectionError
from ubp_core.native.library import ERROR, ErrorLine, Status, library

_FLOATS = np.ctypeslib.ndpointer(np.float32, flags="C_CONTIGUOUS")
_INTS = np.ctypeslib.ndpointer(np.int32, flags="C_CONTIGUOUS")


class Options(ctypes.Structure):
    """`ubp_selection_options`."""

    _fields_ = (
        ("budget", ctypes.c_int64),
        ("block_size", ctypes.c_uint32),
        ("method", ctypes.c_uint32),
        ("threads", ctypes.c_uint32),
    )


class Info(ctypes.Structure):
    """`ubp_selection_info`."""

    _fields_ = (
        ("found", ctypes.c_int64),
        ("kept", ctypes.c_double),
        ("total", ctypes.c_double),
        ("upper_bound", ctypes.c_double),
    )


class Share(ctypes.Structure):
    """`ubp_share`."""

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


@functools.cache
def _functions() -> ctypes.CDLL:
    """The library, with the signatures of the header."""
    loaded = library()
    options, info = ctypes.POINTER(Options), ctypes.POINTER(Info)
    loaded.ubp_selection_run.argtypes = [
        _FLOATS, ctypes.c_int64, ctypes.c_int64, options, _INTS, _INTS, info, *ERROR,
    ]  # fmt: skip
    loaded.ubp_allocation_open.argtypes = [
        ctypes.POINTER(Share), ctypes.c_int64, options, ctypes.POINTER(ctypes.c_int64),
        ctypes.POINTER(ctypes.c_void_p), *ERROR,
    ]  # fmt: skip
    loaded.ubp_allocation_select.argtypes = [ctypes.c_void_p, ctypes.c_int64, _INTS, _INTS, info, *ERROR]
    loaded.ubp_allocation_close.argtypes = [ctypes.c_void_p]
    loaded.ubp_allocation_close.restype = None
    return loaded


@dataclass(frozen=True)
class SelectOutcome:
    """What the native selection returned."""

    rows: NDArray[np.int32]
    """[budget] start row of each block."""
    columns: NDArray[np.int32]
    """[budget] column of each block."""
    kept: float
    """Sum of the importance under the blocks."""
    total: float
    """Sum of all importance."""
    upper_bound: float
    """No selection of as many blocks keeps more (optimal only, else 0)."""


def select(importance: NDArray[np.float32], block_size: int, budget: int, method: int, threads: int) -> SelectOutcome:
    """Runs `ubp_selection_run`.

    Args:
        importance: C-contiguous [R, K].
        block_size: N; 1 for unstructured.
        budget: blocks.
        method: number of the method.
        threads: 1 to 64.

    Raises:
        SelectionError: a value of the importance, or an argument, is refused.
        CandidatesExhausted: greedy found fewer blocks.
        MemoryError: there was not enough.
    """
    rows, columns = np.empty(budget, np.int32), np.empty(budget, np.int32)
    options, info, error = Options(budget, block_size, method, threads), Info(), ErrorLine()
    status = _functions().ubp_selection_run(
        importance, *importance.shape, ctypes.byref(options), rows, columns, ctypes.byref(info), *error.arguments
    )
    _check(status, error, info.found, budget)
    return SelectOutcome(rows, columns, info.kept, info.total, info.upper_bound)


def _check(status: int, error: ErrorLine, found: int, budget: int) -> None:
    if status == Status.EXHAUSTED:
        raise CandidatesExhausted(found, budget)
    error.check(status, SelectionError)


class Allocation:
    """A budget shared out over layers, and what the search has found about them."""

    counts: list[int]
    """Blocks of each layer."""
    bounds: list[float]
    """Of each layer, see `ubp_allocation_open`."""

    def __init__(
        self,
        layers: Sequence[tuple[NDArray[np.float32], float, int, int]],
        block_size: int,
        budget: int,
        method: int,
        threads: int,
    ) -> None:
        """Runs `ubp_allocation_open`; errors as of `select`.

        Args:
            layers: importance (C-contiguous float32 [R, K]), scale, floor and ceiling of each.
            block_size: N; 1 for unstructured.
            budget: blocks of all layers.
            method: number of the method.
            threads: 1 to 64.
        """
        self._handle, self._layers, found = ctypes.c_void_p(), layers, ctypes.c_int64()
        shares = (Share * len(layers))(
            *(Share(m.ctypes.data, *m.shape, scale, floor, ceiling) for m, scale, floor, ceiling in layers)
        )
        options, error = Options(budget, block_size, method, threads), ErrorLine()
        status = _functions().ubp_allocation_open(
            shares, len(layers), ctypes.byref(options), ctypes.byref(found), ctypes.byref(self._handle),
            *error.arguments,
        )  # fmt: skip
        _check(status, error, found.value, budget)
        self.counts, self.bounds = [share.count for share in shares], [share.bound for share in shares]

    def __del__(self) -> None:
        if self._handle:
            _functions().ubp_allocation_close(self._handle)

    def select(self, index: int) -> SelectOutcome:
        """The blocks of one layer: what `select` gives for its count."""
        count, info, error = self.counts[index], Info(), ErrorLine()
        rows, columns = np.empty(count, np.int32), np.empty(count, np.int32)
        status = _functions().ubp_allocation_select(
            self._handle, index, rows, columns, ctypes.byref(info), *error.arguments
        )
        _check(status, error, info.found, count)
        return SelectOutcome(rows, columns, info.kept, info.total, info.upper_bound)
