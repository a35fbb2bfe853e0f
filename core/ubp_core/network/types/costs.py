"""What narrower types cost a network: its outputs against those of the same network in fp32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Images = Sequence[NDArray[np.float32]]
"""Inputs of a network of one input, each [batch, channels, height, width]."""
Outputs = Sequence[NDArray[np.float32]]
"""All outputs of one run."""


@dataclass(frozen=True)
class TypeCost:
    """Of one output of the network, over all images that were tried."""

    largest: float
    """Largest difference from fp32, as a share of the largest fp32 output; infinite where a number is not finite."""
    mean: float
    """Mean difference, as a share of the mean fp32 output, both without signs."""
    agreement: float | None
    """Share of images with the same largest element; None where the output is no vector."""

    def describe(self, number: int, pictures: str = "") -> str:
        """A line for people.

        Args:
            number: of the output.
            pictures: what was tried, in words; empty: one random image, whose class says nothing.
        """
        line = f"against fp32, on {pictures or 'a random image'}: output {number} differs by at most"
        same = "" if not pictures or self.agreement is None else f"; the same class on {self.agreement:.1%}"
        return f"{line} {self.largest:.2%} of the largest number, by {self.mean:.2%} in the mean{same}"


@dataclass(frozen=True)
class LayerCost:
    """What the integers of one layer cost a network."""

    name: str
    """Of the layer."""
    dtype: str
    """In which it is kept for that: "fp32" or "fp16"."""
    error: float
    """Norm of what it changes in the outputs, alone in int8, over the norm of these in fp32."""

    def describe(self) -> str:
        """A line for people."""
        return f"{self.name} stays in {self.dtype}: alone in int8, it changes the outputs by {self.error:.2%}"


def type_costs(runs: Sequence[Outputs], expected: Sequence[Outputs]) -> tuple[TypeCost, ...]:
    """The cost of every output.

    Args:
        runs: what the network made in its types, for each image.
        expected: what it made in fp32.
    """
    return tuple(map(output_cost, zip(*runs, strict=True), zip(*expected, strict=True)))


def output_cost(arrays: Sequence[NDArray[np.float32]], expected: Sequence[NDArray[np.float32]]) -> TypeCost:
    """The cost of one output, over all images."""
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
