"""Which part of a matrix is seen, and at what scale: pure arithmetic between weights and pixels.

A pixel is half a character cell: one column wide, half a line high. Zoom levels run from the whole layer (level 0),
where a pixel covers an area, to single weights of several pixels each. Both axes have scales of their own, so that a
whole layer fills the view.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAGNIFICATIONS: Final = ((1, 1), (3, 2), (8, 4))
"""Pixels per weight (across, down) of the levels that show single weights; the last one has room for the value."""
MAX_FIT: Final = (16, 8)
"""Most pixels per weight (across, down) when a small layer is stretched to the view."""


@dataclass(frozen=True)
class Scale:
    """Scale of one axis: either `weights` per pixel or `pixels` per weight; the other one is 1."""

    weights: float = 1.0
    """Weights per pixel, >= 1; only the whole-layer level has a fraction."""
    pixels: int = 1
    """Pixels per weight, >= 1."""

    def zoomed_in(self) -> Scale:
        """The next scale with half as many weights per pixel, whole numbers only."""
        return self if self.weights <= 1 else Scale(weights=max(1, round(self.weights / 2)))

    def magnified(self, pixels: int) -> Scale:
        """The scale with single weights of at least `pixels` pixels."""
        return Scale(pixels=max(pixels, self.pixels))


def fit_scale(length: int, pixels: int, most: int) -> Scale:
    """Scale at which `length` weights fill `pixels` pixels (at most `most` pixels per weight)."""
    if length > pixels:
        return Scale(weights=length / max(pixels, 1))
    return Scale(pixels=min(pixels // max(length, 1), most))


def build_ladder(shape: tuple[int, int], width: int, height: int) -> tuple[tuple[Scale, Scale], ...]:
    """Build the zoom levels of a view.

    Args:
        shape: rows and columns of the matrix.
        width: of the view, in pixels.
        height: of the view, in pixels.

    Returns:
        (row scale, column scale) per level, from the whole layer to single weights.
    """
    levels = [(fit_scale(shape[0], height, MAX_FIT[1]), fit_scale(shape[1], width, MAX_FIT[0]))]
    while max(levels[-1][0].weights, levels[-1][1].weights) > 1:
        levels.append((levels[-1][0].zoomed_in(), levels[-1][1].zoomed_in()))
    for across, down in MAGNIFICATIONS:
        level = (levels[-1][0].magnified(down), levels[-1][1].magnified(across))
        if level != levels[-1]:
            levels.append(level)
    return tuple(levels)


@dataclass(frozen=True)
class Axis:
    """One axis of a view."""

    length: int
    """Weights along the axis."""
    pixels: int
    """Pixels of the view along the axis."""
    scale: Scale
    """Scale of the axis."""
    start: int = 0
    """First weight in view."""

    @property
    def aggregated(self) -> bool:
        """Whether a pixel stands for more than one weight."""
        return self.scale.weights > 1

    @property
    def last_start(self) -> int:
        """The greatest start that leaves no needless empty space behind the end."""
        if not self.aggregated:
            return max(0, self.length - max(1, self.pixels // self.scale.pixels))
        if self.scale.weights != int(self.scale.weights):
            return 0
        step = int(self.scale.weights)
        return max(0, -(-self.length // step) - self.pixels) * step

    def moved_to(self, start: float) -> Axis:
        """The axis from another first weight, clamped; a multiple of the scale, so that nothing shimmers."""
        step = int(self.scale.weights)
        return replace(self, start=min(max(int(start // step) * step, 0), self.last_start))

    def moved_by_pixels(self, pixels: int) -> Axis:
        """The axis moved by whole pixels (on magnified levels by whole weights)."""
        return self.moved_to(self.start + pixels * self.scale.weights / self.scale.pixels)

    @cached_property
    def edges(self) -> NDArray[np.int64]:
        """First weight of every pixel or magnified weight in view, and the end: int64 [shown + 1], strictly rising."""
        if not self.aggregated:
            count = min(-(-self.pixels // self.scale.pixels), self.length - self.start)
            return np.arange(self.start, self.start + count + 1)
        count = min(self.pixels, int(np.ceil((self.length - self.start) / self.scale.weights - 1e-9)))
        edges = self.start + np.floor(np.arange(count + 1) * self.scale.weights + 1e-9).astype(np.int64)
        return np.asarray(np.minimum(edges, self.length), np.int64)

    def weight_at(self, pixel: int) -> int | None:
        """The (first) weight under a pixel, None beyond the end."""
        if pixel < 0 or pixel >= self.pixels:
            return None
        if not self.aggregated:
            weight = self.start + pixel // self.scale.pixels
            return weight if weight < self.length else None
        edges = self.edges
        return int(edges[pixel]) if pixel < len(edges) - 1 else None

    def span_of(self, weight: int) -> tuple[int, int] | None:
        """The pixels (first, end) that show a weight, None if it is out of view."""
        if not self.aggregated:
            first = (weight - self.start) * self.scale.pixels
            return (first, min(first + self.scale.pixels, self.pixels)) if 0 <= first < self.pixels else None
        pixel = int(np.searchsorted(self.edges, weight, side="right")) - 1
        return (pixel, pixel + 1) if 0 <= pixel < len(self.edges) - 1 else None

    def showing(self, weight: int) -> Axis:
        """The axis moved no further than needed to show all pixels of `weight`."""
        whole = max(1, self.pixels // self.scale.pixels) * self.scale.weights
        if weight < self.start:
            return self.moved_to(weight)
        if weight >= self.start + whole:
            # Rounded up to the scale: rounding down would leave the weight one pixel beyond the end.
            step = int(self.scale.weights)
            return self.moved_to(-(-int(weight - whole + 1) // step) * step)
        return self


@dataclass(frozen=True)
class Viewport:
    """A view of a matrix: two axes and the zoom level they belong to."""

    rows: Axis
    """Down the view."""
    columns: Axis
    """Across the view."""
    level: int = 0
    """Index in `ladder`; 0 is the whole layer."""

    @classmethod
    def fit(cls, shape: tuple[int, int], width: int, height: int) -> Viewport:
        """The view of the whole matrix in `width` x `height` pixels."""
        row_scale, column_scale = build_ladder(shape, width, height)[0]
        return cls(Axis(shape[0], height, row_scale), Axis(shape[1], width, column_scale))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the matrix."""
        return self.rows.length, self.columns.length

    @property
    def ladder(self) -> tuple[tuple[Scale, Scale], ...]:
        """All zoom levels of this view."""
        return build_ladder(self.shape, self.columns.pixels, self.rows.pixels)

    @property
    def single_weights(self) -> bool:
        """Whether every weight in view has at least one pixel of its own."""
        return not (self.rows.aggregated or self.columns.aggregated)

    def anchor(self, cursor: tuple[int, int]) -> tuple[int, int]:
        """The weight that zooming leaves in place: the cursor, or the middle where the cursor is out of view."""
        if self.rows.span_of(cursor[0]) and self.columns.span_of(cursor[1]):
            return cursor
        edges = self.rows.edges, self.columns.edges
        return int(edges[0][len(edges[0]) // 2]), int(edges[1][len(edges[1]) // 2])

    def at_level(self, level: int, anchor: tuple[int, int]) -> Viewport:
        """The view at another zoom level; the weight `anchor` (row, column) stays where it is if it is in view."""
        ladder = self.ladder
        level = min(max(level, 0), len(ladder) - 1)
        axes = []
        for axis, scale, weight in zip((self.rows, self.columns), ladder[level], anchor, strict=True):
            span = axis.span_of(weight)
            pixel = axis.pixels // 2 if span is None else span[0]
            zoomed = Axis(axis.length, axis.pixels, scale)
            axes.append(zoomed.moved_to(weight - pixel * scale.weights // scale.pixels).showing(weight))
        return Viewport(axes[0], axes[1], level)

    def panned(self, down: int, across: int) -> Viewport:
        """The view moved by pixels."""
        return replace(self, rows=self.rows.moved_by_pixels(down), columns=self.columns.moved_by_pixels(across))

    def showing(self, row: int, column: int) -> Viewport:
        """The view moved as little as needed to show a weight."""
        return replace(self, rows=self.rows.showing(row), columns=self.columns.showing(column))

    def centred(self, row: int, column: int) -> Viewport:
        """The view moved so that a weight stands in its middle, as far as the layer allows."""
        axes = [
            axis.moved_to(weight - axis.pixels / axis.scale.pixels * axis.scale.weights / 2)
            for axis, weight in ((self.rows, row), (self.columns, column))
        ]
        return replace(self, rows=axes[0], columns=axes[1])

    def resized(self, width: int, height: int, anchor: tuple[int, int]) -> Viewport:
        """The view in another number of pixels: still the whole layer, or about the same scale and corner."""
        if self.level == 0:
            return Viewport.fit(self.shape, width, height)
        ladder = build_ladder(self.shape, width, height)
        level = min(
            range(1, len(ladder)), key=lambda i: _distance(ladder[i], (self.rows.scale, self.columns.scale)), default=0
        )
        row_scale, column_scale = ladder[level]
        rows = Axis(self.shape[0], height, row_scale).moved_to(self.rows.start)
        columns = Axis(self.shape[1], width, column_scale).moved_to(self.columns.start)
        return Viewport(rows, columns, level).showing(*anchor)


def _distance(left: tuple[Scale, Scale], right: tuple[Scale, Scale]) -> float:
    """How far two levels' scales are apart, in octaves."""
    return sum(
        abs(float(np.log2(a.weights / a.pixels * b.pixels / b.weights))) for a, b in zip(left, right, strict=True)
    )
