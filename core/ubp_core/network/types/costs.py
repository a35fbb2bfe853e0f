"""What narrower types cost a network: its outputs against those of the same network in fp32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ubp_core.network.reference import run_reference
from ubp_core.packed.file import PackedFile

Images = Sequence[NDArray[np.float32]]
"""Inputs of a network of one input, each [batch, channels, height, width]."""


@dataclass(frozen=True)
class TypeCost:
    """Of one output of the network, over all images that were tried."""

    largest: float
    """Largest difference from fp32, as a share of the largest fp32 output; infinite where a number is not finite."""
    mean: float
    """Mean difference, as a share of the mean fp32 output, both without signs."""
    agreement: float | None
    """Share of images with the same largest element; None where the output is no vector."""


def type_costs(packed: PackedFile, full: PackedFile, images: Images) -> tuple[TypeCost, ...]:
    """Runs both networks on every image.

    Args:
        packed: the network in its types.
        full: the same in fp32.
        images: what they are given.
    """
    pairs = [(run_reference(packed, [image]), run_reference(full, [image])) for image in images]
    outputs = range(len(pairs[0][0]))
    return tuple(output_cost([mine[i] for mine, _ in pairs], [theirs[i] for _, theirs in pairs]) for i in outputs)


def output_cost(arrays: Sequence[NDArray[np.float32]], expected: Sequence[NDArray[np.float32]]) -> TypeCost:
    """The cost of one output."""
    mine, theirs = (np.concatenate(parts).astype(np.float64) for parts in (arrays, expected))
    with np.errstate(invalid="ignore"):  # infinity less infinity
        difference = np.abs(mine - theirs)
    if not np.isfinite(difference).all():
        return TypeCost(np.inf, np.inf, None)
    size = np.abs(theirs)
    agreement = float((mine.argmax(1) == theirs.argmax(1)).mean()) if mine.ndim == 2 else None
    return TypeCost(
        float(difference.max() / (size.max() or 1)), float(difference.mean() / (size.mean() or 1)), agreement
    )
