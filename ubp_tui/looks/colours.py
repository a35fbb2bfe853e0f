"""Colours as arithmetic: OKLCH, the ramps of importance, and mixtures of light.

Ramps are drawn in OKLab, where equal steps of lightness look equal: lightness changes evenly from the least to the most
important weight, away from the pruned colour. The "safe" ramps vary hue only between blue and yellow, which
colour-blind eyes tell apart.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

RGB = tuple[int, int, int]
"""Red, green and blue, 0..255."""


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


def oklab_to_rgb(lightness: float, a: float, b: float) -> RGB:
    """Convert an OKLab colour to sRGB; see `oklch_to_rgb`."""
    return oklch_to_rgb(lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)))


def ramp_colour(position: float) -> RGB:
    """Colour of a kept weight on a dark ground; `position` 0 is the least important, 1 the most."""
    return oklch_to_rgb(0.44 + 0.49 * position, 0.135 + 0.03 * math.sin(math.pi * position), 300.0 - 195.0 * position)


def light_ramp(position: float) -> RGB:
    """Colour of a kept weight on a light ground: the darker, the more important."""
    return oklch_to_rgb(0.76 - 0.5 * position, 0.11 + 0.03 * math.sin(math.pi * position), 165.0 + 135.0 * position)


def safe_ramp(position: float) -> RGB:
    """From blue to yellow, without red or green."""
    return oklab_to_rgb(0.45 + 0.48 * position, -0.02, -0.14 + 0.27 * position)


def safe_light_ramp(position: float) -> RGB:
    """From yellow to blue, the darker the more important."""
    return oklab_to_rgb(0.74 - 0.54 * position, -0.01, 0.145 - 0.265 * position)


def mix_light(dark: RGB, bright: RGB, share: float) -> RGB:
    """Mix two colours as the eye mixes light: `share` of the area bright, averaged in linear light (gamma 2.2)."""
    red, green, blue = (
        round((share * (b / 255) ** 2.2 + (1 - share) * (d / 255) ** 2.2) ** (1 / 2.2) * 255)
        for d, b in zip(dark, bright, strict=True)
    )
    return red, green, blue


def luminance(colours: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Relative luminance of sRGB colours, as WCAG 2 defines it.

    Args:
        colours: uint8 [..., 3].

    Returns:
        float64 [...], 0 for black to 1 for white.
    """
    share = colours / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ (0.2126, 0.7152, 0.0722), np.float64)


def contrast(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Contrast of two luminances, 1 to 21; texts need 4.5 (WCAG 2, level AA)."""
    return np.asarray((np.maximum(one, other) + 0.05) / (np.minimum(one, other) + 0.05), np.float64)
