"""Bytes and the numbers that they mean: scale and zero point of a tensor, multipliers, rounding, clamps, tables.

Every rule here is one of docs/format.md, "Integers"; kernels must give the same bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ubp_core.errors import ModelError
from ubp_core.network.reference import FUNCTIONS
from ubp_core.packed.format import SMALLEST_FACTOR, SMALLEST_SCALE

STEPS = 255
"""Between the smallest and the largest byte."""
FAR = 1024.0
"""Beyond any byte on either side, whatever the zero point."""


@dataclass(frozen=True)
class Affine:
    """What a tensor's bytes mean: `scale * (q - zero_point)`."""

    scale: float
    """Positive, and exactly an fp32 number."""
    zero_point: int
    """0 to 255: the byte of 0.0."""

    @property
    def reciprocal(self) -> float:
        """1 / scale, rounded to fp32: what conversions to bytes multiply by."""
        return multiplier(1.0, self.scale)

    def to_bytes(self, numbers: Tensor) -> Tensor:
        """uint8 of fp32 numbers; infinities become the ends, NaN becomes zero."""
        scaled = numbers.float() * self.reciprocal
        return round_to_bytes(torch.nan_to_num(scaled, nan=0.0), self.zero_point)

    def to_numbers(self, codes: Tensor) -> Tensor:
        """fp32 of uint8."""
        return self.centred(codes) * self.scale

    def centred(self, codes: Tensor) -> Tensor:
        """Whole fp32 numbers `q - zero_point`, -255 to 255."""
        return codes.float() - self.zero_point


@dataclass(frozen=True, eq=False)
class Table:
    """An activation that is no clamp."""

    given: Affine
    """What the bytes before it mean."""
    codes: NDArray[np.uint8]
    """[256] the byte behind it for each of them."""


def affine_of_range(low: float, high: float, name: str, otherwise: str = "") -> Affine:
    """The scale and zero point that cover a range, and zero.

    Args:
        low: smallest number.
        high: largest number.
        name: of the tensor, for the error.
        otherwise: what else may be done, for the error; begins with a comma.

    Raises:
        ModelError: the range is not finite, or nothing but zero.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ModelError(
            f"{name}: infinite or not a number on the calibration pictures, and int8 needs a finite range; calibrate "
            f"on others{otherwise}"
        )
    low, high = min(low, 0.0), max(high, 0.0)
    with np.errstate(over="ignore"):
        scale = float(np.float32((high - low) / STEPS))
    if scale < SMALLEST_SCALE:
        raise ModelError(
            f"{name}: zero on all calibration pictures, so its bytes have no range; calibrate on others{otherwise}"
        )
    if not math.isfinite(scale) or multiplier(1.0, scale) < SMALLEST_FACTOR:
        raise ModelError(
            f"{name}: its range, {low:.3g} to {high:.3g}, is beyond fp32, so int8 has no scale for it; calibrate on "
            f"others{otherwise}"
        )
    return Affine(scale, min(max(round(-low / scale), 0), STEPS))


def multiplier(product: float, divisor: float) -> float:
    """An fp32 factor of requantisation, from scales: divided in fp64, rounded once."""
    return float(np.float32(product / divisor))


def multipliers(given: float, rows: NDArray[np.float32], made: float) -> NDArray[np.float32]:
    """[rows] factors of a layer's sums: `given * row / made` in fp64, rounded once to fp32."""
    return (np.float64(given) * rows.astype(np.float64) / np.float64(made)).astype(np.float32)


def round_to_bytes(scaled: Tensor, zero_point: int, limits: tuple[int, int] = (0, STEPS)) -> Tensor:
    """fp32 in steps of the result's scale as uint8: to nearest, half to even, then zero point, then limits."""
    whole = scaled.round().clamp(-FAR, FAR)
    return (whole + zero_point).clamp(*limits).to(torch.uint8)


def activation_limits(activation: str, made: Affine) -> tuple[int, int]:
    """Smallest and largest byte behind an activation that is a clamp; all bytes for a table."""
    if activation not in ("relu", "relu6"):
        return 0, STEPS
    six = int(made.to_bytes(torch.tensor(6.0)))
    return made.zero_point, six if activation == "relu6" else STEPS


def activation_table(activation: str, given: Affine, made: Affine) -> NDArray[np.uint8]:
    """[256] the byte behind an activation for each byte before it, calculated in fp64."""
    numbers = (torch.arange(STEPS + 1, dtype=torch.float64) - given.zero_point) * given.scale
    steps = (FUNCTIONS[activation](numbers) / made.scale).round() + made.zero_point
    table: NDArray[np.uint8] = steps.clamp(0, STEPS).to(torch.uint8).numpy()
    return table
