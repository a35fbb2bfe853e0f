"""The cursor on a block map: which pixels and lines it marks, and the ruler that points at it. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from rich.segment import Segment
from rich.style import Style

from ubp_tui.looks import palette
from ubp_tui.renderables.map.raster import Image
from ubp_tui.renderables.map.readout import column_labels, row_label
from ubp_tui.renderables.map.viewport import Viewport
from ubp_tui.work.source import MapSource

Place = tuple[int, int]
"""Row and column of a weight."""


def mark_pixels(view: Viewport, source: MapSource, cursor: Place) -> dict[int, int]:
    """Colour of the marks in the cursor's column, by pixel row: its block first, then the cursor on top."""
    row, column = cursor
    start = source.block_start(row, column)
    block = () if start is None else range(start, start + source.block_size)
    marked: dict[int, int] = {}
    for place, colour in [*((r, palette.MARK) for r in block if r != row), (row, palette.CURSOR)]:
        span = view.rows.span_of(place)
        marked.update({} if span is None else dict.fromkeys(range(*span), colour))
    return marked


def mark_line(
    image: Image, view: Viewport, marked: Mapping[int, int], column: int, line: int, source: MapSource | None = None
) -> tuple[Image, Image]:
    """The two pixel rows of a line, with the cursor and the block under it marked.

    Args:
        image: the picture.
        view: what part of the layer it shows.
        marked: colour by pixel row, of `mark_pixels`.
        column: of the cursor.
        line: line of cells.
        source: the layer; None where its blocks have one column.
    """
    upper, lower = image[2 * line], image[2 * line + 1]
    across = view.columns.span_of(column)
    colours = marked.get(2 * line), marked.get(2 * line + 1)
    if across is None or colours == (None, None):
        return upper, lower
    end = (None if source is None else view.columns.span_of(source.block_span(column)[-1])) or across
    framed = view.columns.scale.pixels >= 2 and view.rows.scale.pixels >= 2
    pair = upper.copy(), lower.copy()
    for row, colour in zip(pair, colours, strict=True):
        if colour == palette.CURSOR:
            row[across[0] : across[0] + 1 if framed else across[1]] = colour
        if colour is not None and framed:
            row[(end if colour == palette.MARK else across)[1] - 1] = colour
    return pair


def marked_lines(view: Viewport, source: MapSource, cursor: Place) -> set[int]:
    """Lines that the cursor's marks touch."""
    size = source.block_size
    lines: set[int] = set()
    for row in range(max(0, cursor[0] - size), min(cursor[0] + size + 1, source.shape[0])):
        span = view.rows.span_of(row)
        lines.update(() if span is None else range(span[0] // 2, (span[1] - 1) // 2 + 1))
    return lines


def column_ruler(view: Viewport, indent: int, column: int, style: Style, marked: Style) -> list[Segment]:
    """The line of column numbers; a wedge points at the cursor's column where it is in view.

    Args:
        view: what part of the layer is seen.
        indent: cells of the row ruler.
        column: of the cursor.
        style, marked: of the numbers, and of the wedge.
    """
    cells = np.full(view.columns.pixels, " ")
    for cell, text in column_labels(view):
        cells[cell : cell + len(text)] = list(text)
    line, span = " " * indent + "".join(cells.tolist()), view.columns.span_of(column)
    if span is None:
        return [Segment(line, style)]
    wedge = indent + (span[0] + span[1] - 1) // 2
    return [Segment(line[:wedge], style), Segment("▾", marked), Segment(line[wedge + 1 :], style)]


def row_ruler(view: Viewport, block_size: int, row: int, line: int) -> tuple[str, bool]:
    """The row number of a line, and whether the cursor's row is in it; that one stands in its first line.

    Args:
        view: what part of the layer is seen.
        block_size: of the selection.
        row: of the cursor.
        line: line of cells.
    """
    span = view.rows.span_of(row)
    if span is None or not span[0] // 2 <= line <= (span[1] - 1) // 2:
        return row_label(view, block_size, line), False
    return str(row) if span[0] // 2 == line else "", True
