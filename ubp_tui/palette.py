"""The colours of the block map and of the curves; the only place outside the theme where colours are made.

The ramp is drawn in OKLCH, where equal steps of lightness look equal: lightness rises evenly from violet over teal to
yellow, so the order of two kept weights can be read from brightness alone. Every colour of the ramp is clearly brighter
than the pruned one.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

RGB = tuple[int, int, int]
"""Red, green and blue, 0..255."""

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
"""Index of dark digits on kept weights."""
FAINT_INK: Final = 8
"""Index of the digits on pruned weights."""
KEPT: Final = 16
"""First index of the kept colours: KEPT + step of importance * SHARE_STEPS + step of share."""
COLOURS: Final = KEPT + IMPORTANCE_STEPS * SHARE_STEPS
"""Number of colours in the table."""

_FIXED: Final[dict[int, RGB]] = {
    OUTSIDE: (11, 12, 16),
    PRUNED: (30, 32, 42),
    GRID: (58, 62, 78),
    EDGE: (9, 10, 14),
    CURSOR: (255, 70, 92),
    MARK: (250, 250, 250),
    GRID_TICK: (110, 116, 140),
    INK: (8, 10, 16),
    FAINT_INK: (104, 109, 128),
}

CURVE_COLOURS: Final[dict[str, RGB]] = {
    "abp": (230, 140, 60),
    "bed": (70, 190, 235),
    "optimal": (245, 225, 90),
    "unstructured": (150, 152, 170),
    "greedy": (215, 120, 205),
}
"""One colour per method, different in hue and in brightness."""
DENSE_COLOUR: Final[RGB] = (200, 202, 215)
"""The bar of the dense layer, which no method has pruned."""


def oklch_to_rgb(lightness: float, chroma: float, hue: float) -> RGB:
    """Convert an OKLCH colour to sRGB, clipped to what a screen can show.

    Args:
        lightness: 0 (black) to 1 (white).
        chroma: 0 (grey) to about 0.3.
        hue: in degrees.

    Returns:
        sRGB, 0..255.

    Source: B. Ottosson, "A perceptual color space for image processing" (2020): the matrices of OKLab.
    """
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    red, green, blue = (_encode_srgb(channel) for channel in linear)
    return red, green, blue


def _encode_srgb(linear: float) -> int:
    """Encode one linear channel (clipped to 0..1) as an sRGB byte."""
    value = min(max(linear, 0.0), 1.0)
    return round(255 * (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055))


def ramp_colour(position: float) -> RGB:
    """Colour of a kept weight; `position` 0 is the least important, 1 the most."""
    lightness = 0.44 + 0.49 * position
    hue = 300.0 - 195.0 * position
    chroma = 0.135 + 0.03 * math.sin(math.pi * position)
    return oklch_to_rgb(lightness, chroma, hue)


def _mix_light(dark: RGB, bright: RGB, share: float) -> RGB:
    """Mix two colours as the eye mixes light: `share` of the area bright, averaged in linear light (gamma 2.2)."""
    red, green, blue = (
        round((share * (b / 255) ** 2.2 + (1 - share) * (d / 255) ** 2.2) ** (1 / 2.2) * 255)
        for d, b in zip(dark, bright, strict=True)
    )
    return red, green, blue


def _build_table() -> NDArray[np.uint8]:
    """Build the table of all map colours, uint8 [COLOURS, 3]."""
    table = np.zeros((COLOURS, 3), np.uint8)
    for index, colour in _FIXED.items():
        table[index] = colour
    for step in range(IMPORTANCE_STEPS):
        bright = ramp_colour(step / (IMPORTANCE_STEPS - 1))
        for share in range(SHARE_STEPS):
            # Not from 0: an area with a single kept weight must differ from one with none.
            table[KEPT + step * SHARE_STEPS + share] = _mix_light(_FIXED[PRUNED], bright, (share + 1) / SHARE_STEPS)
    table.setflags(write=False)
    return table


MAP_COLOURS: Final = _build_table()
"""sRGB of every colour index of the map, uint8 [COLOURS, 3]."""


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
