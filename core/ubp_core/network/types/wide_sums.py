"""Which fp16 layers must sum their products in fp32: those whose sums overflow, or lose more than a hundredth.

Runs each layer alone, by the native kernels, on what it gets in the network, against the same with exact sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ubp_core.network.reference import run_layer
from ubp_core.packed.file import PackedFile
from ubp_core.packed.graph import Node
from ubp_core.packed.layer import PackedLayer

ERROR_LIMIT = 0.01
"""Of a layer's largest output."""


class SumWatch:
    """Observes runs of a network, and remembers the largest error of each layer's sums."""

    def __init__(self, packed: PackedFile) -> None:
        """Args: a network; its fp32 layers, and those that sum in fp32 already, are left out."""
        self._layers = packed.layers
        self._worst: dict[str, float] = {}

    def observe(self, node: Node, operands: Sequence[Tensor]) -> None:
        """What `run_reference` calls before a node runs."""
        if node.layer is None:
            return
        layer = self._layers[node.layer]
        depthwise = layer.groups > 1 and layer.shape[1] == 1  # a few products for each output
        if layer.dtype == "fp16" and not layer.wide_sums and not depthwise:
            errors = [sum_error(*part) for part in groups_of(layer, operands[0])]
            self._worst[layer.name] = max(self._worst.get(layer.name, 0.0), *errors)

    def layers_to_widen(self) -> dict[str, str]:
        """Names of the layers, with the reason in words."""
        return {name: describe(error) for name, error in self._worst.items() if not error <= ERROR_LIMIT}


def groups_of(layer: PackedLayer, x: Tensor) -> Iterator[tuple[PackedLayer, Tensor]]:
    """The layers of single groups, each with its own channels of the input."""
    rows, channels = layer.rows // layer.groups, layer.shape[1]
    for group in range(layer.groups):
        own = slice(group * rows, (group + 1) * rows)
        part = layer if layer.groups == 1 else replace(
            layer, shape=(rows, *layer.shape[1:]), weights=layer.weights[own], bias=layer.bias[own], groups=1
        )  # fmt: skip
        yield part, x[:, group * channels : (group + 1) * channels]


def sum_error(layer: PackedLayer, x: Tensor) -> float:
    """How far sums in fp16 are from exact ones, as a share of the layer's largest output; infinite on overflow."""
    linear = replace(layer, activation="none")
    given: NDArray[np.float32] = x.numpy() if len(layer.shape) == 4 else x.numpy()[:, :, 0, 0]
    mine = linear.run(np.ascontiguousarray(given))
    with torch.no_grad():
        exact = run_layer(linear, [x]).numpy().reshape(mine.shape)
    with np.errstate(invalid="ignore"):
        difference = float(np.abs(mine - exact).max())
    return difference / (float(np.abs(exact).max()) or 1.0) if np.isfinite(difference) else np.inf


def describe(error: float) -> str:
    """The reason in words."""
    if np.isinf(error):
        return "fp16 sums overflow"
    return f"fp16 sums are off by {error:.1%} of its largest output"
