"""Importance of weights: the non-negative matrix that every selection is made from. Must not select anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.vocabulary import CRITERIA, DEFAULT_CRITERION

if TYPE_CHECKING:
    import torch

from ubp_core.errors import SelectionError


def as_array(weight: torch.Tensor | NDArray[Any]) -> NDArray[np.float32]:
    """A float32 array of a weight, without a copy where it is one already.

    Args:
        weight: torch tensor (any device, may require grad) or array.
    """
    if not isinstance(weight, np.ndarray) and hasattr(weight, "detach"):
        weight = weight.detach().cpu().float().numpy()
    return np.asarray(weight, dtype=np.float32)


def as_matrix(weight: torch.Tensor | NDArray[Any]) -> NDArray[np.float32]:
    """The matrix W of a weight (design, section 3).

    Args:
        weight: [out, in/groups, kh, kw] of a convolution or [out, in] of a linear layer.

    Returns:
        float32 [R, K], R = out, K = in/groups * kh * kw.

    Raises:
        SelectionError: another number of dimensions, or an empty one.
    """
    array = as_array(weight)
    if array.ndim not in (2, 4) or array.size == 0:
        raise SelectionError(
            f"weight: need [out, in/groups, kh, kw] or [out, in], not empty; got shape {list(array.shape)}"
        )
    return array.reshape(array.shape[0], -1)


def importance(weight: torch.Tensor | NDArray[Any], criterion: str = DEFAULT_CRITERION) -> NDArray[np.float32]:
    """Importance of every weight.

    Args:
        weight: [out, in/groups, kh, kw] or [out, in].
        criterion: "l1" is |w| (the paper's), "l2" is w**2.

    Returns:
        float32 [R, K], >= 0.

    Raises:
        SelectionError: unknown criterion, wrong shape.
    """
    matrix = as_matrix(weight)
    if criterion == "l1":
        return np.abs(matrix)
    if criterion == "l2":
        return np.square(matrix)
    raise SelectionError(f"criterion: {criterion!r} is unknown; choose from {', '.join(CRITERIA)}")
