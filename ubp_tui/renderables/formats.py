"""How numbers and layers are written on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_tui.renderables.map.readout import Kernel

if TYPE_CHECKING:
    from ubp_core.models import Layer
    from ubp_tui.work.basis import LayerBasis


def kernel_of(layer: Layer, basis: LayerBasis | None = None) -> Kernel:
    """The layer's kernel, with the order in which its columns are drawn; 1 x 1 for a linear layer."""
    order = None if basis is None else basis.order
    if len(layer.shape) != 4:
        return Kernel(order=order)
    height, width = layer.shape[2:4]
    return Kernel(height, width, layer.shape[1] if basis is not None and basis.by_tap else 0, order)
