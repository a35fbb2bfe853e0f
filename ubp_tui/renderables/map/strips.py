"""From an image of colour indices to Textual strips: two pixels per character cell, styles cached by colour pair."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from ubp_tui.looks import palette
from ubp_tui.looks.palette import MapPalette
from ubp_tui.looks.themes import Glyphs

HALF_BLOCK: Final = "▀"
"""Foreground is the upper pixel, background the lower one."""
_CURSOR, _MARK, _GRID = 5, 6, 7
_CODES: Final = {palette.CURSOR: _CURSOR, palette.MARK: _MARK, palette.GRID: _GRID, palette.GRID_TICK: _GRID}
SHADES: Final[dict[Glyphs, str]] = {"shades": " ░▒▓█▀▄X│·", "ascii": " .:*#'_X|-"}
"""Five shades, upper half, lower half, cursor, block mark, grid."""


class PairStyles(dict[int, Style]):
    """Styles by colour pair: foreground index * 256 + background index.

    Each is made when it is first asked for, because styles are dear and few of the pairs occur; they share their
    colours, because what is kept here the garbage collector visits again and again.
    """

    def __init__(self, colours: MapPalette) -> None:
        """Args: what the indices mean."""
        super().__init__()
        self._colours = [Color.from_rgb(*colour) for colour in colours.colours.tolist()]

    def __missing__(self, pair: int) -> Style:
        """Make a style, and keep it."""
        style = self[pair] = Style.from_color(self._colours[pair >> 8], self._colours[pair & 255])
        return style


@lru_cache(maxsize=16)
def pair_styles(colours: MapPalette) -> PairStyles:
    """The styles of a palette."""
    return PairStyles(colours)


@lru_cache(maxsize=16)
def _codes(colours: MapPalette) -> NDArray[np.uint8]:
    """Shade (0..4) or code of every colour index."""
    codes = np.zeros(256, np.uint8)
    codes[: len(colours.levels)] = colours.levels
    for index, code in _CODES.items():
        codes[index] = code
    return codes


@lru_cache(maxsize=4)
def _glyph_table(glyphs: Glyphs) -> NDArray[np.str_]:
    """Characters by the codes of the upper and the lower pixel, [8, 8]."""
    signs = SHADES[glyphs]
    table = np.full((8, 8), " ")
    for upper in range(8):
        for lower in range(8):
            special = max((code for code in (upper, lower) if code >= _CURSOR), default=0)
            levels = [code if code < _CURSOR else 0 for code in (upper, lower)]
            if _CURSOR in (upper, lower):
                sign = signs[7]
            elif special == _MARK:
                sign = signs[8]
            elif levels == [0, 0]:
                sign = signs[9] if special else signs[0]
            elif 0 in levels:
                sign = signs[6] if levels[0] == 0 else signs[5]
            else:
                sign = signs[round(sum(levels) / 2)]
            table[upper, lower] = sign
    return table


def line_segments(
    upper: NDArray[np.uint8],
    lower: NDArray[np.uint8],
    labels: Sequence[tuple[int, str, int]] = (),
    colours: MapPalette = palette.DARK,
    glyphs: Glyphs = "blocks",
) -> list[Segment]:
    """Build the segments of one line of cells.

    Args:
        upper: colour indices of the upper pixels, uint8 [width].
        lower: colour indices of the lower pixels, uint8 [width].
        labels: texts that stand in the line instead of pixels: (first cell, text, colour index of the text); each on
            the background of the lower pixels.
        colours: what the indices mean.
        glyphs: with "blocks" the picture is in the colours alone; with the others the characters show it as well.

    Returns:
        Segments that fill `width` cells; cells of one colour pair share a segment.
    """
    if glyphs == "blocks":
        pairs = upper.astype(np.uint16) << 8 | lower
        signs = np.where(upper == lower, " ", HALF_BLOCK)
    else:
        codes = _codes(colours)
        signs = _glyph_table(glyphs)[codes[upper], codes[lower]]
        # The stronger pixel colours the sign, on the ground of what is pruned.
        front = np.where(codes[lower] > codes[upper], lower, upper)
        pairs = front.astype(np.uint16) << 8 | np.uint16(palette.PRUNED)
    ground = lower if glyphs == "blocks" else np.full(len(lower), palette.PRUNED, np.uint8)
    for first, text, colour in labels:
        cells = slice(first, first + len(text))
        signs[cells] = list(text)[: len(signs[cells])]
        # On what is kept the ink follows the ground: a ramp has light and dark ends in every theme.
        inks = colours.inks[ground[cells]] if colour == palette.INK else np.uint8(colour)
        pairs[cells] = ground[cells] + (np.asarray(inks, np.uint16) << 8)
    line = "".join(signs.tolist())
    cuts = [0, *(np.flatnonzero(np.diff(pairs)) + 1).tolist(), len(line)]
    values = pairs[cuts[:-1]].tolist() if line else []
    styles = pair_styles(colours)
    return [Segment(line[a:b], styles[pair]) for a, b, pair in zip(cuts, cuts[1:], values, strict=False)]
