"""How numbers and layers are written on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_tui.renderables.map.readout import Kernel

if TYPE_CHECKING:
    from ubp_core.models import Layer


def kernel_of(layer: Layer, by_tap: bool = False) -> Kernel:
    """The layer's kernel; 1 x 1 for a linear layer."""
    if len(layer.shape) != 4:
        return Kernel()
    height, width = layer.shape[2:4]
    return Kernel(height, width, layer.shape[1] if by_tap and height * width > 1 else 0)
