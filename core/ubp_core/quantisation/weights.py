"""Integers of one layer: the scale of each row, the weights in its steps, the bias that fits them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ubp_core.packed.layer import PackedLayer
from ubp_core.quantisation.affine import STEPS, Affine
from ubp_core.quantisation.moments import Moments
from ubp_core.quantisation.network import QuantisedLayer, kept_weights
from ubp_core.quantisation.rounding import LARGEST, round_by_moments, round_to_nearest

LARGEST_SUM = 2**31 - 1
"""Of products and bias together."""
BIAS_ROOM = 2
"""How many times its bias a row's scale leaves room for: correcting may make it larger."""
SMALLEST_FACTOR = 2.0**-40
"""Of a row: with a smaller one, no sum would reach half a step of the result."""


@dataclass(frozen=True, eq=False)
class LayerInputs:
    """What a layer is given on the calibration pictures, by the network in integers, and what it should make of it."""

    moments: Moments
    """Of its inputs; with second ones where weights are to be rounded by them."""
    wanted: Tensor
    """fp64 [rows]: the mean of each row's result in fp32, less the mean of what is added to it here."""


def quantise_layer(
    layer: PackedLayer, given: Affine, made: Affine, inputs: LayerInputs | None = None, correct_bias: bool = False
) -> QuantisedLayer:
    """A layer in integers.

    Args:
        layer: in fp32.
        given: scale of what it is given.
        made: scale of what it makes; of what its table is given, where it has one.
        inputs: where it has second moments, weights are rounded by them, otherwise to nearest.
        correct_bias: whether the mean of each row's result is made what `inputs` says.
    """
    scales = row_scales(layer, given, made)
    codes = round_weights(layer, scales, inputs.moments if inputs else None, correct_bias)
    bias = layer.bias.astype(np.float64)
    if inputs is not None and correct_bias:
        bias = (inputs.wanted - mean_products(layer, codes, scales, inputs.moments)).numpy()
    limit = bias_limit(layer.columns)
    steps = np.rint(bias / (scales.astype(np.float64) * given.scale))
    return QuantisedLayer(layer, codes.numpy().astype(np.int8), scales, np.clip(steps, -limit, limit).astype(np.int32))


def row_scales(layer: PackedLayer, given: Affine, made: Affine) -> NDArray[np.float32]:
    """[rows] from the largest kept weight; larger where the bias would not fit, or no result would move."""
    largest = np.abs(layer.unpack().reshape(layer.rows, -1)).max(1).astype(np.float64)
    bias = np.abs(layer.bias.astype(np.float64)) * BIAS_ROOM / (bias_limit(layer.columns) * given.scale)
    least = SMALLEST_FACTOR * made.scale / given.scale
    scales: NDArray[np.float32] = np.maximum(np.maximum(largest / LARGEST, bias), least).astype(np.float32)
    return scales


def bias_limit(columns: int) -> int:
    """The largest bias with which no sum of so many products leaves an i32."""
    return LARGEST_SUM - STEPS * LARGEST * columns


def round_weights(
    layer: PackedLayer, scales: NDArray[np.float32], moments: Moments | None, correct_bias: bool
) -> Tensor:
    """fp64 [rows, columns], whole numbers."""
    matrix = layer.unpack().reshape(layer.rows, layer.columns).astype(np.float64)
    steps = torch.from_numpy(matrix / scales[:, None].astype(np.float64))
    if moments is None or moments.second is None:
        return round_to_nearest(steps)
    by_group = (layer.groups, -1, layer.columns)
    kept = torch.from_numpy(kept_weights(layer)).reshape(by_group)
    products = moments.centred if correct_bias else moments.raw
    return round_by_moments(steps.reshape(by_group), kept, products).reshape(layer.rows, layer.columns)


def mean_products(layer: PackedLayer, codes: Tensor, scales: NDArray[np.float32], moments: Moments) -> Tensor:
    """fp64 [rows]: the mean of each row's products with what it is given."""
    by_group = codes.reshape(layer.groups, -1, layer.columns)
    means = (by_group @ moments.mean[:, :, None]).reshape(layer.rows)
    return means * torch.from_numpy(scales).double()
