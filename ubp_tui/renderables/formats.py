"""How numbers and layers are written on the screen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ubp_tui.renderables.map.readout import Kernel

if TYPE_CHECKING:
    from ubp_core.models import Layer


def format_count(count: int) -> str:
    """A number of parameters in at most five characters: 864, 9.41k, 1.28M."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= limit:
            value = count / limit
            digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
            return f"{value:.{digits}f}{unit}"
    return str(count)


def format_bytes(count: int) -> str:
    """A number of bytes in at most seven characters: 864 B, 9.41 kB, 1.28 MB."""
    text = format_count(count)
    return f"{text[:-1]} {text[-1]}B" if text[-1].isalpha() else f"{text} B"


def format_percent(share: float, digits: int = 1) -> str:
    """A share as a percentage without its sign; a dash where there is none."""
    return "-" if math.isnan(share) else f"{100 * share:.{digits}f}"


def format_seconds(seconds: float) -> str:
    """A duration with three digits at most."""
    if seconds < 1:
        return f"{1000 * seconds:.1f} ms" if seconds < 0.01 else f"{1000 * seconds:.0f} ms"
    return f"{seconds:.1f} s"


def kernel_of(layer: Layer, by_tap: bool = False) -> Kernel:
    """The layer's kernel; 1 x 1 for a linear layer."""
    if len(layer.shape) != 4:
        return Kernel()
    height, width = layer.shape[2:4]
    return Kernel(height, width, layer.shape[1] if by_tap and height * width > 1 else 0)
