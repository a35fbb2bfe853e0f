"""What each operation makes of bytes: sums in whole numbers, then requantisation as docs/format.md says.

Sums are calculated in floats that hold them exactly: fp32 where no partial sum can reach 2^24, otherwise fp64.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ubp_core.network.reference import max_pool, pad
from ubp_core.packed.format import Op
from ubp_core.packed.graph import Node, Window
from ubp_core.quantisation.affine import (
    Affine,
    Table,
    activation_limits,
    multiplier,
    multipliers,
    round_to_bytes,
)
from ubp_core.quantisation.moments import patches, result_size
from ubp_core.quantisation.network import QuantisedLayer

EXACT_FP32 = 2**24
"""Whole numbers up to here are fp32 numbers, each of them."""


def layer_sums(layer: QuantisedLayer, centred: Tensor) -> Tensor:
    """The i32 sums of a layer, bias included.

    Args:
        layer: integers.
        centred: [batch, channels, height, width] whole numbers `q - zero_point`.

    Returns:
        int32 [batch, rows, height, width].
    """
    source = layer.source
    found = patches(source, centred)
    exact = exact_type(int(layer.largest_sums.max(initial=0)))
    weights = torch.from_numpy(layer.weights).reshape(source.groups, -1, source.columns).to(exact)
    products = (weights @ found.to(exact)).reshape(len(centred), source.rows, *result_size(source, *centred.shape[2:]))
    bias = torch.from_numpy(layer.bias).reshape(-1, 1, 1)
    return (products + bias.to(exact)).to(torch.int32)


def exact_type(largest_sum: int) -> torch.dtype:
    """The narrowest float that adds up whole numbers to this size without rounding, in any order."""
    full = torch.get_float32_matmul_precision() == "highest"  # or it may multiply in less than fp32
    return torch.float32 if largest_sum < EXACT_FP32 and full else torch.float64


def scaled_sums(layer: QuantisedLayer, sums: Tensor, given: Affine, unit: float) -> Tensor:
    """fp32 of a layer's sums, in this unit: a result's scale, or 1.0."""
    factors = torch.from_numpy(multipliers(given.scale, layer.scales, unit)).reshape(-1, 1, 1)
    return sums.float() * factors


def rescaled(codes: Tensor, given: Affine, unit: float) -> Tensor:
    """fp32 of bytes, in this unit."""
    return given.centred(codes) * multiplier(given.scale, unit)


def finish(scaled: Tensor, activation: str, made: Affine, table: Table | None) -> Tensor:
    """Bytes behind an activation: a clamp, or the table of what it makes of the bytes before it.

    Args:
        scaled: fp32, in steps of what the table is given, without one of `made`.
        activation: by name.
        made: the result's scale and zero point.
        table: None for a clamp.
    """
    if table is None:
        return round_to_bytes(scaled, made.zero_point, activation_limits(activation, made))
    return looked_up(table, round_to_bytes(scaled, table.given.zero_point))


def looked_up(table: Table, codes: Tensor) -> Tensor:
    """What a table has for bytes."""
    return torch.from_numpy(table.codes.copy())[codes.long()]


def run_elementwise(
    node: Node, codes: Sequence[Tensor], given: Sequence[Affine], made: Affine, table: Table | None
) -> Tensor:
    """Addition, multiplication, activation, concatenation, pooling, flattening; arguments as of `finish`."""
    unit = made.scale if table is None else table.given.scale
    if node.op == Op.ADD:
        scaled = rescaled(codes[0], given[0], unit) + rescaled(codes[1], given[1], unit)
        return finish(scaled, node.activation, made, table)
    if node.op == Op.MULTIPLY:
        products = given[0].centred(codes[0]) * given[1].centred(codes[1])
        return finish(products * multiplier(given[0].scale * given[1].scale, unit), node.activation, made, table)
    if node.op == Op.ACTIVATION:
        return (
            looked_up(table, codes[0])
            if table
            else finish(rescaled(codes[0], given[0], unit), node.activation, made, None)
        )
    if node.op == Op.CONCAT:
        parts = [rescaled(part, affine, unit) for part, affine in zip(codes, given, strict=True)]
        return round_to_bytes(torch.cat(parts, 1), made.zero_point)
    if node.op == Op.FLATTEN:
        return codes[0].flatten(1)
    assert node.window is not None
    if node.op == Op.MAX_POOL:
        return max_pool(codes[0].float(), node.window).to(torch.uint8)
    return run_average(node, codes[0], given[0], made)


def run_average(node: Node, codes: Tensor, given: Affine, made: Affine) -> Tensor:
    """Mean of each window: its whole sum times a factor of its own, for the number of its elements."""
    assert node.window is not None
    sums = window_sums(given.centred(codes), node.window)
    area = node.window.kernel[0] * node.window.kernel[1]
    inside = window_sums(torch.ones_like(codes[:1, :1]), node.window)
    counts = (torch.full_like(inside, area) if node.counts_padding else inside).numpy()
    factors = (np.float64(given.scale) / (np.float64(made.scale) * counts)).astype(np.float32)
    return round_to_bytes(sums.float() * torch.from_numpy(factors), made.zero_point)


def window_sums(numbers: Tensor, window: Window) -> Tensor:
    """fp64 sums of the whole numbers in each window; padding adds nothing."""
    padded = pad(numbers.double(), window.padding, window.extra, 0.0)
    return functional.avg_pool2d(padded, window.kernel, window.stride, divisor_override=1)
