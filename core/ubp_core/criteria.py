"""Importance of weights: the non-negative matrix that every selection is made from. Must not select anything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.vocabulary import CRITERIA, DEFAULT_CRITERION

if TYPE_CHECKING:
    import torch

from ubp_core.errors import SelectionError

TINY = np.finfo(np.float32).tiny
"""Below this float32 loses digits."""
HEADROOM = 64
"""Values that are scaled have their largest below 2**HEADROOM: sums of a block stay in range, and so do small ones."""


def as_array(weight: torch.Tensor | NDArray[Any]) -> NDArray[np.float32]:
    """A float32 array of a weight, without a copy where it is one already.

    Args:
        weight: torch tensor (any device, may require grad, any kind of real numbers) or array.

    Raises:
        SelectionError: no real numbers, or a tensor without values or of a form that has no plain array.
    """
    return np.asarray(_real_array("weight", weight), dtype=np.float32)


def as_matrix(weight: torch.Tensor | NDArray[Any]) -> NDArray[np.float32]:
    """The matrix W of a weight (design, section 3).

    Args:
        weight: [out, in/groups, kh, kw] of a convolution or [out, in] of a linear layer.

    Returns:
        float32 [R, K], R = out, K = in/groups * kh * kw.

    Raises:
        SelectionError: another number of dimensions, or an empty one.
    """
    return np.asarray(_real_matrix(weight), dtype=np.float32)


def importance(weight: torch.Tensor | NDArray[Any], criterion: str = DEFAULT_CRITERION) -> NDArray[np.floating[Any]]:
    """Importance of every weight.

    Args:
        weight: [out, in/groups, kh, kw] or [out, in].
        criterion: "l1" is |w| (the paper's), "l2" is w**2.

    Returns:
        [R, K], >= 0: float32, but float64 where that can't hold the values (squares of very small or large weights).

    Raises:
        SelectionError: unknown criterion, wrong shape, no real numbers.
    """
    if criterion not in CRITERIA:
        raise SelectionError(f"criterion: {criterion!r} is unknown; choose from {', '.join(CRITERIA)}")
    matrix = _real_matrix(weight)
    if criterion == "l1":
        return narrow(np.abs(matrix))
    with np.errstate(over="ignore"):  # refused by name where blocks are selected
        return narrow(np.square(matrix, dtype=np.float64))


def narrow(values: NDArray[Any]) -> NDArray[np.floating[Any]]:
    """As float32 where that loses nothing but digits; otherwise as they are."""
    if values.dtype == np.float32:
        return values
    with np.errstate(over="ignore", under="ignore"):
        single = values.astype(np.float32)
    small = (np.abs(single) < TINY) & (values != 0)
    return values if np.any(small | (np.isinf(single) & np.isfinite(values))) else single


def to_single(values: NDArray[Any]) -> tuple[NDArray[np.float32], int]:
    """Values as float32 [C-contiguous], and the power of two that they were divided by so that float32 holds them.

    Selections don't depend on a factor: all sums scale alike. Values that are not finite stay so.
    """
    values = narrow(values)
    if values.dtype == np.float32:
        return np.ascontiguousarray(values), 0
    finite = np.abs(values[np.isfinite(values)])
    exponent = math.frexp(float(finite.max()))[1] - HEADROOM if finite.size else 0
    with np.errstate(under="ignore", over="ignore"):
        return np.ascontiguousarray(np.ldexp(values.astype(np.float64), -exponent), dtype=np.float32), exponent


def _real_matrix(weight: torch.Tensor | NDArray[Any]) -> NDArray[np.floating[Any]]:
    array = _real_array("weight", weight)
    if array.ndim not in (2, 4) or array.size == 0:
        raise SelectionError(
            f"weight: need [out, in/groups, kh, kw] or [out, in], not empty; got shape {list(array.shape)}"
        )
    return array.reshape(array.shape[0], -1)


def _real_array(label: str, values: Any) -> NDArray[np.floating[Any]]:
    """An array of floats, float64 where it was that; for tensors and for what numpy takes."""
    array = plain_array(label, values)
    if array.dtype.kind not in "fiub":
        raise SelectionError(f"{label}: need real numbers; got {array.dtype}")
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float32)


def plain_array(label: str, values: Any) -> NDArray[Any]:
    """The array of a tensor or of what numpy takes.

    Args:
        label: the argument's name.
        values: a tensor on any device, which may require grad; bfloat16 and other floats that numpy lacks become
            float32.

    Raises:
        SelectionError: a tensor without values, or of a form that has no plain array.
    """
    if not isinstance(values, np.ndarray) and hasattr(values, "detach"):
        try:
            tensor = values.detach()
            if tensor.is_floating_point() and not str(tensor.dtype).endswith(("float32", "float64")):
                tensor = tensor.float()
            values = tensor.cpu().numpy()
        except (TypeError, ValueError, RuntimeError, AttributeError) as error:  # NotImplementedError too: meta
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise SelectionError(f"{label}: this tensor has no plain values: {reason}") from None
    try:
        return np.asarray(values)
    except ValueError as error:
        raise SelectionError(f"{label}: need a matrix of numbers: {error}") from None
