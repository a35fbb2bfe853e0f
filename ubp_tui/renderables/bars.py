"""Small bar pictures in character cells: along a row, along a column, and as a histogram in two colours."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style

from ubp_tui.renderables.map.viewport import Axis

RISING: Final = " ▁▂▃▄▅▆▇█"
"""Bars that rise from the bottom of a cell, in eighths."""
GROWING: Final = " ▏▎▍▌▋▊▉█"
"""Bars that grow from the left of a cell, in eighths."""
Floats = NDArray[np.float32] | NDArray[np.float64]


def share_per_pixel(shares: Floats, axis: Axis) -> NDArray[np.float64]:
    """The mean share under every pixel of an axis that is in view, float64 [pixels shown]."""
    edges = axis.edges
    values = np.add.reduceat(shares[edges[0] : edges[-1]].astype(np.float64), edges[:-1] - edges[0]) / np.diff(edges)
    return np.asarray(values.repeat(axis.scale.pixels)[: axis.pixels], np.float64)


def rising_lines(values: Floats, top: float, height: int) -> list[str]:
    """Bars side by side, one cell each.

    Args:
        values: heights.
        top: the value that fills all lines.
        height: number of lines.

    Returns:
        The lines from the top.
    """
    eighths = np.round(np.clip(values / max(top, 1e-12), 0, 1) * 8 * height).astype(int)
    lines = []
    for line in range(height - 1, -1, -1):
        lines.append("".join(RISING[eighth] for eighth in np.clip(eighths - 8 * line, 0, 8).tolist()))
    return lines


def growing_bar(value: float, top: float, width: int) -> str:
    """A bar from the left that fills `width` cells at `top`."""
    eighths = round(min(max(value / max(top, 1e-12), 0.0), 1.0) * 8 * width)
    return ("█" * (eighths // 8) + (GROWING[eighths % 8] if eighths % 8 else "")).ljust(width)


def stacked_lines(
    outer: Floats, inner: Floats, height: int, styles: tuple[Style, Style], ground: Style
) -> list[list[Segment]]:
    """A histogram whose bars have an inner part at the bottom in another colour.

    Args:
        outer: heights of the whole bars.
        inner: heights of their inner parts, at most the outer ones.
        height: number of lines.
        styles: of the inner and of the outer part.
        ground: behind the bars.

    Returns:
        Segments per line from the top.
    """
    # The first bar also counts all that is smaller: it does not set the scale.
    top = max(float(outer[1:].max(initial=0.0)), 1e-12)
    whole = np.clip(outer / top * 8 * height, 0, 8 * height)
    part = np.round(np.clip(inner / top * 8 * height, 0, 8 * height)).astype(int)
    # What is there is seen, however little.
    eighths = np.where(outer > 0, np.maximum(np.round(whole), 1), 0).astype(int)
    front, back = styles
    lines = []
    for line in range(height - 1, -1, -1):
        segments = []
        for outer_part, inner_part in zip((eighths - 8 * line).tolist(), (part - 8 * line).tolist(), strict=True):
            segments.append(_stack_cell(min(max(outer_part, 0), 8), min(max(inner_part, 0), 8), front, back, ground))
        lines.append(segments)
    return lines


def _stack_cell(outer: int, inner: int, front: Style, back: Style, ground: Style) -> Segment:
    """One cell of a stacked bar; where both parts end in it, the inner one is drawn exactly."""
    if inner == 0:
        return Segment(RISING[outer], ground + back)
    if inner == 8:
        return Segment("█", ground + front)
    behind = Style(bgcolor=back.color) if outer > inner and outer >= 5 else ground
    return Segment(RISING[inner], behind + Style(color=front.color))
