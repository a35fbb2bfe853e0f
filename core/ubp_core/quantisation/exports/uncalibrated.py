"""Layers of int8 without a network: no pictures say what their bytes mean, so their input's mean numbers from -1 to 1.

For measuring how fast a layer is. What a network computes in int8 takes calibration, and is `exporting`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ubp_core.errors import SelectionError
from ubp_core.grouping.columns import ColumnGroups
from ubp_core.packed.format import SMALLEST_SCALE
from ubp_core.packed.layer import PackedLayer
from ubp_core.quantisation.affine import Affine
from ubp_core.quantisation.packed_network import integer_layer
from ubp_core.quantisation.rounding import LARGEST
from ubp_core.quantisation.weights import quantise_layer

INPUT = Affine(1 / 128, 128)
"""What the bytes of a layer's input mean; `ubp_bench` fills it with them."""


def to_integers(layer: PackedLayer, groups: ColumnGroups | None = None) -> PackedLayer:
    """A layer in int8: weights to the nearest step of their row, the bias in steps of the row's scale times INPUT's.

    Args:
        layer: in fp32.
        groups: of columns, where its N x 1 blocks are N x 4 blocks in four pieces: they become one again.

    Raises:
        SelectionError: its weights are smaller than any scale; the line names the layer.
    """
    largest = float(max(np.abs(array).max(initial=0.0) for array in (layer.weights, layer.bias)))
    made = Affine((largest / LARGEST or 1.0) * INPUT.scale, 0)
    if largest and made.scale < SMALLEST_SCALE:
        raise SelectionError(f"{layer.name}: its largest weight, {largest:.3g}, is too small for int8; keep it in fp32")
    return integer_layer(quantise_layer(replace(layer, wide_sums=False), INPUT, made), groups)
