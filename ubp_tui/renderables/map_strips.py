"""From an image of colour indices to Textual strips: two pixels per character cell, styles cached by colour pair."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from ubp_tui.palette import MAP_COLOURS

HALF_BLOCK = "▀"
"""Foreground is the upper pixel, background the lower one."""


@lru_cache(maxsize=1 << 14)
def pair_style(pair: int) -> Style:
    """Style of a colour pair, foreground index * 256 + background index. There are few pairs, and styles are dear."""
    upper, lower = MAP_COLOURS[pair >> 8], MAP_COLOURS[pair & 255]
    return Style.from_color(Color.from_rgb(*upper.tolist()), Color.from_rgb(*lower.tolist()))


def line_segments(
    upper: NDArray[np.uint8], lower: NDArray[np.uint8], labels: Sequence[tuple[int, str, int]] = ()
) -> list[Segment]:
    """Build the segments of one line of cells.

    Args:
        upper: colour indices of the upper pixels, uint8 [width].
        lower: colour indices of the lower pixels, uint8 [width].
        labels: texts that stand in the line instead of pixels: (first cell, text, colour index of the text); each on
            the background of the lower pixels.

    Returns:
        Segments that fill `width` cells; cells of one colour pair share a segment.
    """
    pairs = upper.astype(np.uint16) << 8 | lower
    glyphs = np.where(upper == lower, " ", HALF_BLOCK)
    for first, text, colour in labels:
        cells = slice(first, first + len(text))
        glyphs[cells] = list(text)[: len(glyphs[cells])]
        pairs[cells] = lower[cells] + np.uint16(colour << 8)
    line = "".join(glyphs.tolist())
    cuts = [0, *(np.flatnonzero(np.diff(pairs)) + 1).tolist(), len(line)]
    values = pairs[cuts[:-1]].tolist() if line else []
    return [Segment(line[a:b], pair_style(v)) for a, b, v in zip(cuts, cuts[1:], values, strict=False)]
