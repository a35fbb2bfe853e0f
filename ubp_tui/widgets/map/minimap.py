"""The whole layer in small, with a frame around what the block map shows; click or drag to go there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from textual import events
from textual.strip import Strip

from ubp_tui.looks import palette
from ubp_tui.looks.themes import look_of
from ubp_tui.renderables.map.raster import Image, draw_map
from ubp_tui.renderables.map.strips import line_segments
from ubp_tui.renderables.map.viewport import Axis, Viewport
from ubp_tui.widgets.map.map_side import MapSide

if TYPE_CHECKING:
    from ubp_tui.widgets.map.block_map import BlockMap


class Minimap(MapSide):
    """A picture of the whole layer."""

    def __init__(self, block_map: BlockMap, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Args: the map that it belongs to."""
        super().__init__(block_map, id=id)
        self._dragging = False

    def on_mount(self) -> None:
        """A title."""
        self.border_title = "layer"

    def _fit(self) -> Viewport | None:
        """The view of the whole layer in this widget."""
        source = self.block_map.source
        if source is None or self.size.width < 1 or self.size.height < 1:
            return None
        return Viewport.fit(source.shape, self.size.width, 2 * self.size.height)

    def draw(self) -> list[Strip]:
        """The picture with its frame."""
        source, shown, fit = self.block_map.source, self.block_map.view, self._fit()
        if source is None or shown is None or fit is None:
            return []
        image, look = _with_frame(draw_map(source, fit), fit, shown), look_of(self.app)
        pairs = zip(image[::2], image[1::2], strict=True)
        strips = [Strip(line_segments(*pair, (), look.map, look.glyphs)) for pair in pairs]
        return [strip.adjust_cell_length(self.size.width, self.visual_style.rich_style) for strip in strips]

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go there, and follow the pointer."""
        self._dragging = True
        self.capture_mouse()
        self._go(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the pointer."""
        if self._dragging:
            self._go(event)

    def on_mouse_up(self) -> None:
        """End."""
        self._dragging = False
        self.release_mouse()

    def _go(self, event: events.MouseEvent) -> None:
        """Show the place under the pointer in the middle of the map."""
        fit, view = self._fit(), self.block_map.view
        if fit is None or view is None:
            return
        row, column = fit.rows.weight_at(2 * event.y), fit.columns.weight_at(event.x)
        if row is not None and column is not None:
            self.block_map.view = view.centred(row, column)


def _with_frame(image: Image, fit: Viewport, shown: Viewport) -> Image:
    """The picture with a frame around what is shown, unless that is everything."""
    image = image.copy()
    if shown.level == 0:
        return image
    down, across = _span(fit.rows, shown.rows), _span(fit.columns, shown.columns)
    rows, columns = np.array([down[0], down[1] - 1]), np.array([across[0], across[1] - 1])
    # In two lines a whole frame would cover what it is around.
    if down[1] - down[0] > 2:
        image[rows[:, None], across[0] : across[1]] = palette.MARK
    image[down[0] : down[1], columns] = palette.MARK
    return image


def _span(fit: Axis, shown: Axis) -> tuple[int, int]:
    """Pixels of the minimap that the shown part of an axis takes, at least one."""
    first, last = fit.span_of(int(shown.edges[0])), fit.span_of(int(shown.edges[-1]) - 1)
    assert first is not None and last is not None
    return first[0], max(last[1], first[0] + 1)
