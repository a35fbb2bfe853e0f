"""The difference of two selections of one layer: which weights both keep, only one of them, or neither.

Nothing is chosen here; the two selections come laid out for drawing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ubp_tui.looks import palette
from ubp_tui.renderables.map.raster import Image, area_sums
from ubp_tui.renderables.map.readout import Kernel, format_weight
from ubp_tui.renderables.map.viewport import Viewport
from ubp_tui.work.basis import BINS
from ubp_tui.work.source import MapSource, sum_coarsely

NEITHER, LEFT, RIGHT, BOTH = 0, 1, 2, 3
CLASS_NAMES: Final = {BOTH: "kept by both", LEFT: "only left", RIGHT: "only right", NEITHER: "neither"}
"""The four classes in the order in which they are told."""
SIGNS: Final = {BOTH: "=", LEFT: "<", RIGHT: ">", NEITHER: " "}
"""A character per class: the picture can be read without any colour."""
MIXED: Final = "x"
"""An area in which about as much is kept only by the left as only by the right."""
_STRIP_ROWS: Final = 64
"""Rows that are summed at a time: numpy counts with the interpreter held, and keys must get their turn."""


@dataclass(frozen=True)
class ClassShare:
    """What one class holds of a layer."""

    weights: int
    """Number of weights."""
    importance: float
    """Sum of their importance."""
    weight_share: float
    """Share of the layer's weights, 0..1."""
    importance_share: float
    """Share of the layer's importance, 0..1; 0 where there is none."""


@dataclass(frozen=True, eq=False)
class Difference:
    """Two selections of one layer, laid against each other."""

    classes: NDArray[np.uint8]
    """NEITHER, LEFT, RIGHT or BOTH of every weight, uint8 [R, K], columns as they are drawn."""
    parts: dict[int, MapSource]
    """The layer as if only the weights of a class were kept, for LEFT, RIGHT and BOTH."""
    shares: dict[int, ClassShare]
    """What every class holds."""
    histogram: NDArray[np.int64]
    """Weights by class and bin of the importance histogram, [4, BINS]."""


def build_difference(left: MapSource, right: MapSource) -> Difference:
    """Lay two selections of one layer against each other; columns must stand in the same order.

    Args:
        left, right: the same layer, [R, K].
    """
    classes = _mask(left) + 2 * _mask(right)
    parts = {}
    for kind in (LEFT, RIGHT, BOTH):
        position = (classes == kind).view(np.uint8)
        parts[kind] = replace(left, position=position, block_size=1, coarse=sum_coarsely(left.importance, position))
    return Difference(classes, parts, _sum_classes(classes, left.importance), _count_bins(classes, left.bins))


def _mask(source: MapSource) -> NDArray[np.uint8]:
    """1 where a weight stays, uint8 [R, K]."""
    if source.position is None:
        return np.ones(source.shape, np.uint8)
    return (source.position > 0).view(np.uint8)


def _sum_classes(classes: NDArray[np.uint8], importance: NDArray[np.float32]) -> dict[int, ClassShare]:
    """Count weights and sum importance by class, in double precision."""
    counts, sums = np.zeros(4, np.int64), np.zeros(4)
    for first in range(0, len(classes), _STRIP_ROWS):
        strip = classes[first : first + _STRIP_ROWS].reshape(-1)
        counts += np.bincount(strip, minlength=4)
        sums += np.bincount(strip, importance[first : first + _STRIP_ROWS].reshape(-1), minlength=4)
    total = float(sums.sum()) or 1.0
    return {
        kind: ClassShare(int(counts[kind]), float(sums[kind]), counts[kind] / classes.size, float(sums[kind]) / total)
        for kind in CLASS_NAMES
    }


def _count_bins(classes: NDArray[np.uint8], bins: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count weights by class and bin, [4, BINS]."""
    counts = np.zeros(4 * BINS, np.int64)
    for first in range(0, len(classes), _STRIP_ROWS):
        rows = slice(first, first + _STRIP_ROWS)
        place = classes[rows].astype(np.uint16) * np.uint16(BINS) + bins[rows]
        counts += np.bincount(place.reshape(-1), minlength=4 * BINS)
    return counts.reshape(4, BINS)


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
    size = source.block_size
    return "kept" if size == 1 else f"kept, block at {start} (r % {size} = {start % size})"


def describe_area_pair(difference: Difference, view: Viewport, row: int, column: int) -> str:
    """One line on the area under a weight, where a pixel stands for one; else an empty text."""
    down, across = view.rows.span_of(row), view.columns.span_of(column)
    if view.single_weights or down is None or across is None:
        return ""
    pixel = down[0] // view.rows.scale.pixels, across[0] // view.columns.scale.pixels
    shares = share_classes(difference, view)
    words = (f"{SIGNS[kind]} {100 * float(shares[kind][pixel]):.0f} %" for kind in (BOTH, LEFT, RIGHT))
    return f"area {' '.join(words)}"
