"""How numbers and layers are written on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_tui.renderables.map.readout import Kernel

if TYPE_CHECKING:
    from ubp_core.models import Layer


def shorten_name(name: str, width: int) -> str:
    """A dotted name in `width` cells; the end says more than the beginning."""
    if len(name) <= width:
        return name
    tail = name[len(name) - width + 1 :]
    whole = tail if name[-len(tail) - 1] == "." else tail.split(".", 1)[-1]
    # Half a word before the first dot says nothing, but a short rest would say less.
    return "…" + (whole if 2 * len(whole) > width else tail)


def shorten_middle(text: str, width: int) -> str:
    """A text in `width` cells: its beginning and its end, which tells variants of one thing apart."""
    if len(text) <= width:
        return text
    end = max(width - 1, 0) // 2
    return text[: max(width - 1 - end, 0)].rstrip() + "…" + (text[-end:].lstrip() if end else "")


def shorten_end(text: str, width: int) -> str:
    """A text in `width` cells; empty where that would leave next to nothing of it."""
    if len(text) <= width:
        return text
    return f"{text[: width - 1].rstrip()}…" if width >= 6 else ""


def kernel_of(layer: Layer, by_tap: bool = False) -> Kernel:
    """The layer's kernel; 1 x 1 for a linear layer."""
    if len(layer.shape) != 4:
        return Kernel()
    height, width = layer.shape[2:4]
    return Kernel(height, width, layer.shape[1] if by_tap and height * width > 1 else 0)
