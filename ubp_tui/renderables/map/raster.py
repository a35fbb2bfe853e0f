"""From a layer and a view to an image of colour indices (see `ubp_tui.palette`), one per pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ubp_tui.looks import palette
from ubp_tui.renderables.map.viewport import Axis, Viewport
from ubp_tui.work.source import COARSE, DIRECT_LIMIT, AreaSums, MapSource

Image = NDArray[np.uint8]
"""Colour indices, uint8 [height in pixels, width in pixels]."""


def draw_map(source: MapSource, view: Viewport) -> Image:
    """Draw the part of a layer that is in view.

    Args:
        source: the layer.
        view: which part, and at what scale.

    Returns:
        uint8 [height, width]: no more than the view has, and no more than the layer fills; the height is even, with a
        last row OUTSIDE the layer if need be.
    """
    drawn = _draw_weights(source, view) if view.single_weights else _draw_areas(source, view)
    drawn = drawn[: view.rows.pixels, : view.columns.pixels]
    return np.pad(drawn, ((0, len(drawn) % 2), (0, 0)), constant_values=palette.OUTSIDE)


def area_sums(source: MapSource, view: Viewport) -> tuple[AreaSums, NDArray[np.float32]]:
    """Sum the kept weights under every pixel of an aggregated view.

    Large areas are summed from the coarse sums, with pixel borders rounded to whole coarse cells.

    Args:
        source: the layer.
        view: an aggregated view.

    Returns:
        The sums and the number of weights per pixel, float32 [shown rows, shown columns].
    """
    row_edges, column_edges = view.rows.edges, view.columns.edges
    seen = int(row_edges[-1] - row_edges[0]) * int(column_edges[-1] - column_edges[0])
    if seen > DIRECT_LIMIT and min(view.rows.scale.weights, view.columns.scale.weights) >= COARSE:
        return _sum_from_coarse(source, row_edges, column_edges)
    window = (slice(row_edges[0], row_edges[-1]), slice(column_edges[0], column_edges[-1]))
    importance = source.importance[window]
    kept = np.ones(importance.shape, np.float32)
    if source.position is not None:
        kept = (source.position[window] > 0).astype(np.float32)
    edges = row_edges - row_edges[0], column_edges - column_edges[0]
    sums = AreaSums(_reduce(kept, *edges), _reduce(importance * kept, *edges))
    return sums, _count_weights(row_edges, column_edges)


def _sum_from_coarse(
    source: MapSource, row_edges: NDArray[np.int64], column_edges: NDArray[np.int64]
) -> tuple[AreaSums, NDArray[np.float32]]:
    """Sum the coarse sums over pixels whose borders are rounded to coarse cells."""
    rows, columns = (edges + COARSE // 2 for edges in (row_edges, column_edges))
    cells = rows // COARSE, columns // COARSE
    for edges, end, length in zip(cells, (row_edges[-1], column_edges[-1]), source.shape, strict=True):
        edges[-1] = -(-length // COARSE) if end == length else edges[-1]
    window = (slice(cells[0][0], cells[0][-1]), slice(cells[1][0], cells[1][-1]))
    edges_in_window = cells[0] - cells[0][0], cells[1] - cells[1][0]
    sums = AreaSums(
        _reduce(source.coarse.kept[window], *edges_in_window),
        _reduce(source.coarse.importance[window], *edges_in_window),
    )
    borders = [np.minimum(edges * COARSE, length) for edges, length in zip(cells, source.shape, strict=True)]
    return sums, _count_weights(borders[0], borders[1])


def _count_weights(row_edges: NDArray[np.int64], column_edges: NDArray[np.int64]) -> NDArray[np.float32]:
    """Number of weights per pixel."""
    return np.outer(np.diff(row_edges), np.diff(column_edges)).astype(np.float32)


def _reduce(values: NDArray[np.float32], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float32]:
    """Sum a matrix between edges that rise strictly, start at 0 and end at its shape."""
    return np.add.reduceat(np.add.reduceat(values, rows[:-1], axis=0), columns[:-1], axis=1)


def _draw_areas(source: MapSource, view: Viewport) -> Image:
    """Draw pixels that stand for areas: hue by the mean importance of what is kept, brightness by the share kept."""
    sums, counts = area_sums(source, view)
    mean = sums.importance / np.maximum(sums.kept, 1)
    scale = _area_scale(source, _cells(view.rows), _cells(view.columns))
    position = ((mean - scale.low) / (scale.high - scale.low)).astype(np.float32)
    indices = palette.kept_index(position, np.minimum(sums.kept / counts / np.float32(scale.share), 1))
    indices[sums.kept == 0] = palette.PRUNED
    return indices.repeat(view.rows.scale.pixels, axis=0).repeat(view.columns.scale.pixels, axis=1)


def _cells(axis: Axis) -> int:
    """Coarse cells per pixel along an axis, at least 1."""
    return max(1, round(axis.scale.weights / COARSE))


@dataclass(frozen=True)
class AreaScale:
    """What the ends of the colours stand for where pixels are areas."""

    low: float
    """Mean importance at the beginning of the ramp."""
    high: float
    """Mean importance at its end."""
    share: float
    """Share kept that is drawn at full strength."""


@lru_cache(maxsize=32)
def _area_scale(source: MapSource, rows: int, columns: int) -> AreaScale:
    """The scale for areas of rows x columns coarse cells, from percentiles over the whole layer.

    Means and shares of areas lie closer together than single weights, so a scale for weights would show one flat
    colour; a scale for what is in view would change the colours on every pan.
    """
    kept, importance = source.coarse.kept, source.coarse.importance
    edges = [np.arange(0, length, step) for length, step in zip(kept.shape, (rows, columns), strict=True)]
    reduced = [np.add.reduceat(np.add.reduceat(v, edges[0], axis=0), edges[1], axis=1) for v in (kept, importance)]
    filled = reduced[0] > 0
    if not filled.any():
        return AreaScale(*source.scale, 1.0)
    borders = [np.append(COARSE * first, length) for first, length in zip(edges, source.shape, strict=True)]
    share = float(np.percentile(reduced[0] / _count_weights(borders[0], borders[1]), 98))
    low, high = (float(v) for v in np.percentile(reduced[1][filled] / reduced[0][filled], (1, 99)))
    if high <= low:
        low, high = low - 0.5 * abs(low) - 1e-12, low + 0.5 * abs(low) + 1e-12
    return AreaScale(low, high, share or 1.0)


def _draw_weights(source: MapSource, view: Viewport) -> Image:
    """Draw single weights, with the gaps around blocks and the faint N-grid where there is room for them."""
    rows, columns = view.rows.edges[:-1], view.columns.edges[:-1]
    window = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    low, high = source.scale
    indices = palette.kept_index((source.importance[window] - low) / (high - low))
    position = np.ones(indices.shape, np.uint8) if source.position is None else source.position[window]
    indices[position == 0] = palette.PRUNED
    down, across = view.rows.scale.pixels, view.columns.scale.pixels
    image = indices.repeat(down, axis=0).repeat(across, axis=1)
    if source.position is not None:
        inner = (columns + 1) % source.block_columns > 0
        inner[-1] &= columns[-1] + 1 < source.shape[1]
        _draw_gaps(image, position, (rows % source.block_size == 0, inner), down, across)
    return image


def _draw_gaps(
    image: Image,
    position: NDArray[np.uint8],
    lines: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    down: int,
    across: int,
) -> None:
    """Draw into an image of magnified weights: the grid, the gap beside each block, the gap above it.

    Args:
        image: the weights.
        position: of `MapSource`, as far as it is in view.
        lines: by row, whether the grid begins there; by column, whether its right neighbour is of the same blocks.
        down, across: pixels of a weight.
    """
    on_grid, inner = lines
    if across >= 3:
        gap = np.where(position == 0, palette.PRUNED, palette.EDGE).repeat(down, axis=0)
        image[:, across - 1 :: across] = np.where(inner, image[:, across - 1 :: across], gap)
    if down < 2:
        return
    top = image[::down]
    top[on_grid] = np.where(top[on_grid] == palette.PRUNED, palette.GRID, top[on_grid])
    if across >= 3:
        gap = top[:, across - 1 :: across]
        gap[on_grid] = np.where(gap[on_grid] == palette.EDGE, palette.GRID_TICK, gap[on_grid])
    # Only the weight's own pixels: the gap column keeps the grid.
    starts = (position == 1).repeat(across, axis=1)
    if across >= 3:
        starts[:, across - 1 :: across] &= inner
    top[starts] = palette.EDGE
