"""A histogram of importance whose bars are stacks of the four classes of a comparison, as colour indices."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ubp_tui.looks import palette
from ubp_tui.renderables.map.raster import Image
from ubp_tui.work.difference import BOTH, LEFT, NEITHER, RIGHT

STACK: Final = (BOTH, RIGHT, LEFT, NEITHER)
"""Classes from the bottom of a bar."""
CLASS_INDEX: Final = {
    LEFT: palette.DIFFERENCE + 36 * 5,
    RIGHT: palette.DIFFERENCE + 6 * 5,
    BOTH: palette.DIFFERENCE + 5,
    NEITHER: palette.PRUNED,
}
"""Colour index of areas that belong to one class alone."""


def draw_stacks(histogram: NDArray[np.float64], height: int) -> Image:
    """Draw the bars.

    Args:
        histogram: weights by class and bar, [4, width].
        height: in pixels.

    Returns:
        Indices of a difference palette, [height, width], OUTSIDE above the bars.
    """
    heights = histogram[list(STACK)]
    # The first bar also counts all that is smaller: it does not set the scale.
    top = max(float(heights[:, 1:].sum(axis=0).max(initial=0.0)), 1e-12)
    ends = np.round(np.clip(np.cumsum(heights, axis=0) / top, 0, 1) * height)
    # What is there is seen, however little.
    ends[-1] = np.where(heights.sum(axis=0) > 0, np.maximum(ends[-1], 1), 0)
    pixel = height - 1 - np.arange(height)[:, None, None]
    part = (pixel >= ends).sum(axis=1)
    colours = np.array([*(CLASS_INDEX[kind] for kind in STACK), palette.OUTSIDE], np.uint8)
    return np.asarray(colours[part], np.uint8)
