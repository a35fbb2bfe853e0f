"""The difference of two selections of one layer: which weights both keep, only one of them, or neither."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ubp_tui.looks import palette
from ubp_tui.renderables.map.raster import Image, area_sums
from ubp_tui.renderables.map.readout import Kernel, describe_block, format_weight
from ubp_tui.renderables.map.viewport import Viewport
from ubp_tui.work.difference import BOTH, LEFT, NEITHER, RIGHT, Difference
from ubp_tui.work.source import MapSource

SIGNS: Final = {BOTH: "=", LEFT: "<", RIGHT: ">", NEITHER: " "}
"""A character per class: the picture can be read without any colour."""
MIXED: Final = "x"
"""An area in which about as much is kept only by the left as only by the right."""


@lru_cache(maxsize=4)
def share_classes(difference: Difference, view: Viewport) -> dict[int, NDArray[np.float32]]:
    """Share of LEFT, RIGHT and BOTH under every pixel (or magnified weight) in view, float32 [shown rows, columns]."""
    if not view.single_weights:
        shares = {}
        for kind, part in difference.parts.items():
            sums, counts = area_sums(part, view)
            shares[kind] = sums.kept / counts
        return shares
    rows, columns = view.rows.edges, view.columns.edges
    window = difference.classes[rows[0] : rows[-1], columns[0] : columns[-1]]
    return {kind: (window == kind).astype(np.float32) for kind in difference.parts}


def draw_difference(difference: Difference, view: Viewport) -> Image:
    """Draw the part of a difference that is in view; sizes as of `draw_map`."""
    shares = share_classes(difference, view)
    if not view.single_weights:
        shares = _stretch(shares)
    image = palette.difference_index(shares[LEFT], shares[RIGHT], shares[BOTH])
    down, across = view.rows.scale.pixels, view.columns.scale.pixels
    image = image.repeat(down, axis=0).repeat(across, axis=1)
    if view.single_weights and across >= 3:
        image[:, across - 1 :: across] = palette.EDGE
    image = image[: view.rows.pixels, : view.columns.pixels]
    return np.pad(image, ((0, len(image) % 2), (0, 0)), constant_values=palette.OUTSIDE)


def _stretch(shares: dict[int, NDArray[np.float32]]) -> dict[int, NDArray[np.float32]]:
    """Shares for the eye, in the palette's fifths: of what is kept in an area, dimmed where little is kept.

    Plain shares would all look alike: where three quarters are pruned, a whole class is a few per cent of every area.
    """
    root = np.sqrt(np.maximum(sum(shares.values()), 1e-9))
    return {kind: (np.round(5 * share / root) / 5).astype(np.float32) for kind, share in shares.items()}


def sign_areas(shares: dict[int, NDArray[np.float32]]) -> NDArray[np.str_]:
    """The character of every pixel: the class that tells most about it.

    Args:
        shares: as `share_classes` returns them.
    """
    left, right, both = shares[LEFT], shares[RIGHT], shares[BOTH]
    signs = np.where(both >= 0.5, SIGNS[BOTH], np.where(both >= 0.15, "-", SIGNS[NEITHER]))
    # A difference is rare where much is pruned, and it is what the picture is about: a twelfth of an area shows it.
    differs = left + right >= 1 / 12
    side = np.where(left > 1.25 * right, SIGNS[LEFT], np.where(right > 1.25 * left, SIGNS[RIGHT], MIXED))
    return np.where(differs, side, signs)


def describe_pair(pair: tuple[MapSource, MapSource], kernel: Kernel, row: int, column: int) -> str:
    """One line on a weight: where it is, its value, and what each side does with it."""
    value = format_weight(float(pair[0].weight[row, column]))
    place = f"row {row}  col {kernel.true_column(column)} ({kernel.name_column(column)})  w {value}"
    sides = (f"{name} {_fate(source, row, column)}" for name, source in zip(("left", "right"), pair, strict=True))
    return "  ·  ".join((place, *sides))


def _fate(source: MapSource, row: int, column: int) -> str:
    """What a selection does with a weight."""
    start = source.block_start(row, column)
    if start is None:
        return "dense" if source.position is None else "pruned"
    return describe_block(source, start, column)


def describe_area_pair(difference: Difference, view: Viewport, row: int, column: int) -> str:
    """One line on the area under a weight, where a pixel stands for one; else an empty text."""
    down, across = view.rows.span_of(row), view.columns.span_of(column)
    if view.single_weights or down is None or across is None:
        return ""
    pixel = down[0] // view.rows.scale.pixels, across[0] // view.columns.scale.pixels
    shares = share_classes(difference, view)
    words = (f"{SIGNS[kind]} {100 * float(shares[kind][pixel]):.0f} %" for kind in (BOTH, LEFT, RIGHT))
    return f"area {' '.join(words)}"
