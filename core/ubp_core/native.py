"""The one binding to the native library (ctypes). Must not decide anything: it converts arguments and error codes."""

from __future__ import annotations

import ctypes
import functools
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import BuildError

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
    return loaded


def select(
    importance: NDArray[np.float32], block_size: int, budget: int, method: int, threads: int
) -> SelectOutcome:
    """Runs `ubp_select` (native/include/ubp/selection_c.h) on a C-contiguous float32 [R, K]."""
    rows, columns = importance.shape
    out_rows, out_columns = np.empty(budget, np.int32), np.empty(budget, np.int32)
    info = _SelectionInfo()
    status = library().ubp_select(
        importance, rows, columns, block_size, budget, method, threads, out_rows, out_columns, ctypes.byref(info)
    )
    return SelectOutcome(status, out_rows, out_columns, info.found, info.kept, info.total, info.upper_bound)
