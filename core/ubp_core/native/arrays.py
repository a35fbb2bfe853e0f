"""What callers hand in, as the float32 arrays that native code takes. Refuses what would be changed without a word."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import UbpError


def float_array(given: Any, what: str) -> NDArray[np.float32]:
    """An array of real numbers as float32.

    Args:
        given: array, tensor of the CPU, or nested lists, of floating-point or whole numbers.
        what: what it is, for the error.

    Raises:
        UbpError: it is no array, needs gradients, or holds something else than real numbers.
    """
    if getattr(given, "requires_grad", False):
        raise UbpError(f"{what}: the tensor requires gradients, which end here; pass its .detach()")
    try:
        array = np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UbpError(f"{what}: can't be taken as a numpy array ({first})") from error
    if array.dtype.kind not in "fiu":
        raise UbpError(f"{what}: need real numbers; got {_kind(array)}")
    with np.errstate(over="ignore"):  # beyond float32 is infinity, as it is for torch
        return array.astype(np.float32, copy=False)


def _kind(array: NDArray[Any]) -> str:
    """What an array holds, for people."""
    names = {"c": "complex numbers", "b": "booleans", "U": "text", "S": "bytes", "O": "objects"}
    return names.get(array.dtype.kind, str(array.dtype))
