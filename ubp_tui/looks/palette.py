"""The colours of the block map and of the curves; with the themes the only place where colours are chosen.

Kept and pruned, and the order of two kept weights, can be told by brightness alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ubp_tui.looks.colours import (
    RGB,
    contrast,
    light_ramp,
    luminance,
    mix_light,
    ramp_colour,
    safe_light_ramp,
    safe_ramp,
)

IMPORTANCE_STEPS: Final = 16
"""Steps of the ramp from the least to the most important kept weight."""
SHARE_STEPS: Final = 12
"""Steps from a pixel where next to nothing is kept to one where everything is."""

OUTSIDE: Final = 0
"""Index of a pixel beyond the layer."""
PRUNED: Final = 1
"""Index of a pruned weight, or of an area without any kept weight."""
GRID: Final = 2
"""Index of the faint line where the row number is a multiple of the block size."""
EDGE: Final = 3
"""Index of the dark gap around a block."""
CURSOR: Final = 4
"""Index of the cursor."""
MARK: Final = 5
"""Index of the frame around the block under the cursor."""
GRID_TICK: Final = 6
"""Index of the grid where it crosses kept weights, in the gap between two columns."""
INK: Final = 7
"""Index of black digits on kept weights."""
FAINT_INK: Final = 8
"""Index of the digits on pruned weights."""
PAPER: Final = 9
"""Index of white digits on kept weights."""
KEPT: Final = 16
"""First index of the kept colours: KEPT + step of importance * SHARE_STEPS + step of share."""
COLOURS: Final = KEPT + IMPORTANCE_STEPS * SHARE_STEPS
"""Number of colours in the table of a map."""
DIFFERENCE: Final = 16
"""First index of the difference colours: DIFFERENCE + 36 * left + 6 * right + both, each a share in fifths."""

Fixed = dict[int, RGB]

_INKS: Final[Fixed] = {INK: (0, 0, 0), PAPER: (255, 255, 255)}
"""One of the two can be read on any ground."""
_DARK: Final[Fixed] = {
    OUTSIDE: (11, 12, 16),
    PRUNED: (30, 32, 42),
    GRID: (58, 62, 78),
    EDGE: (9, 10, 14),
    CURSOR: (255, 70, 92),
    MARK: (250, 250, 250),
    GRID_TICK: (110, 116, 140),
    FAINT_INK: (142, 147, 165),
    **_INKS,
}
_LIGHT: Final[Fixed] = {
    OUTSIDE: (247, 248, 250),
    PRUNED: (228, 231, 238),
    GRID: (190, 195, 208),
    EDGE: (252, 253, 255),
    CURSOR: (214, 0, 60),
    MARK: (10, 12, 20),
    GRID_TICK: (130, 136, 155),
    FAINT_INK: (94, 99, 117),
    **_INKS,
}
_SAFE_CURSORS: Final[Fixed] = {CURSOR: (235, 110, 0), MARK: (255, 255, 255)}

CURVE_COLOURS: Final[dict[str, RGB]] = {
    "abp": (230, 140, 60),
    "bed": (70, 190, 235),
    "optimal": (245, 225, 90),
    "unstructured": (150, 152, 170),
    "greedy": (215, 120, 205),
}
"""One colour per method on a dark ground, different in hue and in brightness."""
LIGHT_CURVES: Final[dict[str, RGB]] = {
    "abp": (165, 75, 0),
    "bed": (0, 102, 165),
    "optimal": (90, 60, 0),
    "unstructured": (96, 100, 116),
    "greedy": (160, 40, 140),
}
"""The same on a light ground."""
SAFE_CURVES: Final[dict[str, RGB]] = {
    "abp": (230, 120, 0),
    "bed": (86, 180, 233),
    "optimal": (250, 235, 110),
    "unstructured": (165, 165, 165),
    "greedy": (204, 121, 167),
}
"""The same for colour-blind eyes, after Okabe and Ito."""
SAFE_LIGHT_CURVES: Final[dict[str, RGB]] = {
    "abp": (175, 72, 0),
    "bed": (0, 102, 165),
    "optimal": (20, 20, 20),
    "unstructured": (100, 100, 100),
    "greedy": (150, 70, 120),
}
"""The same on a light ground."""
DENSE_COLOUR: Final[RGB] = (200, 202, 215)
"""The bar of the dense layer, which no method has pruned."""
LIGHT_DENSE_COLOUR: Final[RGB] = (96, 100, 120)
"""The same on a light ground."""


@dataclass(frozen=True, eq=False)
class MapPalette:
    """A table of colours for pictures of a layer. Indices mean the same in every palette of a kind."""

    number: int
    """Different for every palette, for caches."""
    colours: NDArray[np.uint8]
    """sRGB of every index, uint8 [colours, 3]."""

    def css(self, index: int) -> str:
        """A colour as a style."""
        return "#{:02x}{:02x}{:02x}".format(*self.colours[index].tolist())

    @cached_property
    def inks(self) -> NDArray[np.uint8]:
        """The index of the digits that can be read best on each colour: INK or PAPER."""
        light = luminance(self.colours)
        against = [contrast(light, light[ink]) for ink in (INK, PAPER)]
        return np.where(against[0] >= against[1], INK, PAPER).astype(np.uint8)

    @cached_property
    def levels(self) -> NDArray[np.uint8]:
        """How far each colour's brightness is from the pruned one: 0 (no more than a hint) to 4."""
        light = self.colours.astype(np.float64) @ (0.299, 0.587, 0.114)
        distance = np.abs(light - light[PRUNED])
        distance[:DIFFERENCE] = 0.0
        return np.asarray(np.ceil(4 * np.clip(distance / distance.max(), 0, 1) - 0.02), np.uint8)


def _share_power(fixed: Fixed) -> float:
    """Exponent of shares. Ink on paper: a tenth of the area in ink takes a tenth of the light, which no eye sees."""
    return 0.45 if sum(fixed[PRUNED]) > 3 * 128 else 1.0


def _build_map(number: int, fixed: Fixed, ramp: Callable[[float], RGB]) -> MapPalette:
    """Build the palette of a map."""
    power = _share_power(fixed)
    table = np.zeros((COLOURS, 3), np.uint8)
    for index, colour in fixed.items():
        table[index] = colour
    for step in range(IMPORTANCE_STEPS):
        colour = ramp(step / (IMPORTANCE_STEPS - 1))
        for share in range(SHARE_STEPS):
            # Not from 0: an area with a single kept weight must differ from one with none.
            part = ((share + 1) / SHARE_STEPS) ** power
            table[KEPT + step * SHARE_STEPS + share] = mix_light(fixed[PRUNED], colour, part)
    table.setflags(write=False)
    return MapPalette(number, table)


def _build_ansi(number: int) -> MapPalette:
    """Build the palette of a map for terminals with 16 colours: only colours that these have, by brightness."""
    steps = ((0, 0, 170), (85, 85, 255), (0, 170, 170), (85, 255, 255), (255, 255, 85), (255, 255, 255))
    fixed = {
        **_DARK,
        OUTSIDE: (0, 0, 0),
        PRUNED: (0, 0, 0),
        GRID: (85, 85, 85),
        EDGE: (0, 0, 0),
        CURSOR: (255, 85, 85),
        MARK: (255, 255, 255),
        GRID_TICK: (170, 170, 170),
        FAINT_INK: (170, 170, 170),
    }
    palette = _build_map(number, fixed, ramp_colour)
    table = palette.colours.copy()
    for step in range(IMPORTANCE_STEPS):
        for share in range(SHARE_STEPS):
            level = (0.25 + 0.75 * step / (IMPORTANCE_STEPS - 1)) * ((share + 1) / SHARE_STEPS) ** 0.7
            table[KEPT + step * SHARE_STEPS + share] = steps[min(int(level * len(steps)), len(steps) - 1)]
    return MapPalette(number, table)


def _build_difference(number: int, fixed: Fixed, both: RGB, left: RGB, right: RGB) -> MapPalette:
    """Build the palette of a difference picture: light mixed by the shares of the classes."""
    table = np.zeros((DIFFERENCE + 216, 3), np.uint8)
    for index, colour in fixed.items():
        table[index] = colour
    linear = np.array([fixed[PRUNED], left, right, both], np.float64) / 255
    for place in range(216):
        shares = (np.array([0, place // 36, place // 6 % 6, place % 6]) / 5) ** _share_power(fixed)
        shares[0] = max(0.0, 1 - shares.sum())
        mixed = (shares / shares.sum()) @ linear**2.2
        table[DIFFERENCE + place] = np.round(255 * mixed ** (1 / 2.2))
    table.setflags(write=False)
    return MapPalette(number, table)


DARK: Final = _build_map(0, _DARK, ramp_colour)
LIGHT: Final = _build_map(1, _LIGHT, light_ramp)
DARK_SAFE: Final = _build_map(2, {**_DARK, **_SAFE_CURSORS}, safe_ramp)
LIGHT_SAFE: Final = _build_map(3, {**_LIGHT, CURSOR: (200, 60, 0)}, safe_light_ramp)
ANSI: Final = _build_ansi(4)
DARK_DIFFERENCE: Final = _build_difference(
    5, {**_DARK, **_SAFE_CURSORS}, (98, 102, 118), (250, 190, 70), (60, 150, 235)
)
LIGHT_DIFFERENCE: Final = _build_difference(6, _LIGHT, (172, 176, 190), (130, 60, 0), (30, 110, 195))
ANSI_DIFFERENCE: Final = _build_difference(7, _DARK | {PRUNED: (0, 0, 0)}, (85, 85, 85), (255, 255, 85), (85, 85, 255))

MAP_COLOURS: Final = DARK.colours
"""sRGB of every colour index of the map on a dark ground, uint8 [COLOURS, 3]."""


def difference_index(
    left: NDArray[np.float32], right: NDArray[np.float32], both: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Colour indices of a difference picture.

    Args:
        left, right, both: shares of the area kept only by the left, only by the right, and by both; any shape.
    """
    # Rounded up for the two that matter: an area with a single weight of theirs must differ from one with none.
    steps = [np.ceil(5 * values - 1e-6) for values in (left, right)]
    steps.append(np.round(5 * both))
    return np.asarray(DIFFERENCE + 36 * steps[0] + 6 * steps[1] + steps[2], np.uint8)


def kept_index(importance: NDArray[np.float32], share: NDArray[np.float32] | float = 1.0) -> NDArray[np.uint8]:
    """Colour indices of kept weights or areas.

    Args:
        importance: position on the ramp, 0..1 (clipped), any shape.
        share: part of the area that is kept, above 0 to 1, same shape or one number.

    Returns:
        uint8 of the same shape, KEPT <= index < COLOURS.
    """
    step = np.clip(importance * IMPORTANCE_STEPS, 0, IMPORTANCE_STEPS - 1).astype(np.uint8)
    # Rounded up: the darkest step stands for "next to nothing", not for "nothing".
    part = np.clip(np.ceil(np.asarray(share, np.float32) * SHARE_STEPS) - 1, 0, SHARE_STEPS - 1).astype(np.uint8)
    return np.asarray(KEPT + step * SHARE_STEPS + part, np.uint8)
