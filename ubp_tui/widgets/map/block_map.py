"""The block map: one layer as a picture, with a cursor, zoom and pan by keys and mouse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from ubp_tui.keys.bindings import bindings_of
from ubp_tui.keys.key_action import Owner
from ubp_tui.looks import palette
from ubp_tui.looks.palette import MapPalette
from ubp_tui.looks.themes import Look, look_of
from ubp_tui.renderables.map.marks import column_ruler, mark_line, mark_pixels, marked_lines, row_ruler
from ubp_tui.renderables.map.raster import Image, draw_map
from ubp_tui.renderables.map.readout import (
    Kernel,
    describe_area,
    describe_weight,
    value_labels,
)
from ubp_tui.renderables.map.strips import line_segments
from ubp_tui.renderables.map.viewport import Viewport
from ubp_tui.widgets.map.drag import Drag
from ubp_tui.work.source import MapSource


class BlockMap(Widget, can_focus=True):
    """Picture of one layer. The first line and the first cells of each line are rulers."""

    COMPONENT_CLASSES = {"block-map--ruler", "block-map--ruler-cursor"}  # noqa: RUF012 (Textual's own form)
    """`block-map--ruler`: row and column numbers. `block-map--ruler-cursor`: those of the cursor."""
    BINDINGS = bindings_of("map")
    key_owner: ClassVar[Owner] = "map"

    @dataclass
    class CursorMoved(Message):
        """The cursor stands elsewhere, or on another selection."""

        readout: str
        """What is under it, in one line."""

    @dataclass
    class ViewChanged(Message):
        """The map shows another part of its layer, or its cursor moved."""

        map: BlockMap
        """The map."""

    cursor: reactive[tuple[int, int]] = reactive((0, 0), repaint=False)
    """Row and column of the weight under the cursor."""
    view: reactive[Viewport | None] = reactive(None, repaint=False)
    """What part of the layer is seen; None before the first layer."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's own name)
        """Start without a layer."""
        super().__init__(id=id)
        self._source: MapSource | None = None
        self.kernel = Kernel()
        self._layer = ""
        self._image: Image | None = None
        self._lines: dict[int, Strip] = {}
        self._marked: dict[int, int] | None = None
        self._drag: Drag | None = None
        self.look = Look()

    def on_mount(self) -> None:
        """Follow the theme."""
        self.watch(self.app, "theme", self._follow_theme)

    def _follow_theme(self) -> None:
        """Draw with other colours."""
        self.look = look_of(self.app)
        self._redraw()

    # What a picture of another kind draws differently

    @property
    def colours(self) -> MapPalette:
        """What the indices of the picture mean."""
        return self.look.map

    def paint(self, source: MapSource, view: Viewport) -> Image:
        """The picture."""
        return draw_map(source, view)

    def label(self, source: MapSource, view: Viewport, line: int) -> list[tuple[int, str, int]]:
        """Texts in a line of the picture: first cell, text, colour index."""
        labels = value_labels(source, view, line)
        return [(cell, text, palette.INK if kept else palette.FAINT_INK) for cell, text, kept in labels]

    def describe(self, source: MapSource, view: Viewport) -> str:
        """What is under the cursor, in a line."""
        parts = describe_weight(source, self.kernel, *self.cursor), describe_area(source, view, *self.cursor)
        return "  ·  ".join(part for part in parts if part)

    # What is shown

    def show_layer(self, name: str, source: MapSource, kernel: Kernel) -> None:
        """Show a layer; view and cursor stay if it is the layer that was shown before."""
        same = name == self._layer and self._source is not None and self._source.shape == source.shape
        self._layer, self._source, self.kernel = name, source, kernel
        self._image = None
        if not same:
            self.set_reactive(BlockMap.cursor, (0, 0))
            self.set_reactive(BlockMap.view, None)
        if self.view is None:
            self.view = self._fitted()
        else:
            self._redraw()

    def clear(self) -> None:
        """Show nothing."""
        self._source, self._layer = None, ""
        self.view = None

    @property
    def source(self) -> MapSource | None:
        """What is drawn."""
        return self._source

    @property
    def ruler_width(self) -> int:
        """Cells of the row ruler."""
        return 0 if self._source is None else len(str(self._source.shape[0])) + 2

    def _fitted(self) -> Viewport | None:
        """The view of the whole layer in the present size."""
        width, height = self.size.width - self.ruler_width, 2 * (self.size.height - 1)
        if self._source is None or width < 1 or height < 1:
            return None
        return Viewport.fit(self._source.shape, width, height)

    def watch_view(self) -> None:
        """Draw anew when the view changes."""
        self._redraw()
        self.post_message(self.ViewChanged(self))

    def follow(self, view: Viewport, cursor: tuple[int, int]) -> None:
        """Show the same place at the same zoom as another map of the same layer, in the size of this one."""
        if self.view is None or self._source is None or self._source.shape != view.shape:
            return
        self.cursor = cursor
        width, height = self.view.columns.pixels, self.view.rows.pixels
        if (view.columns.pixels, view.rows.pixels) != (width, height):
            view = view.resized(width, height, cursor)
        self.view = view

    def watch_cursor(self, old: tuple[int, int], new: tuple[int, int]) -> None:
        """Redraw the lines of the old and the new cursor only: a whole map is 200 kB for a slow connection."""
        self._marked = None
        if self.view is None or self._source is None:
            return
        for line in marked_lines(self.view, self._source, old) | marked_lines(self.view, self._source, new):
            self._lines.pop(line, None)
            self.refresh(Region(0, line + 1, self.size.width, 1))
        self.refresh(Region(0, 0, self.size.width, 1))
        self._tell_readout()
        self.post_message(self.ViewChanged(self))

    def on_resize(self) -> None:
        """Keep the place, as far as the new size allows."""
        width, height = self.size.width - self.ruler_width, 2 * (self.size.height - 1)
        if self.view is None or width < 1 or height < 1:
            self.view = self._fitted()
        else:
            self.view = self.view.resized(width, height, self.cursor)

    def _redraw(self) -> None:
        """Forget what was drawn."""
        self._image = None
        self._marked = None
        self._lines.clear()
        self.refresh()
        self._tell_readout()

    def _tell_readout(self) -> None:
        """Post what is under the cursor."""
        if self._source is None or self.view is None:
            return
        self.post_message(self.CursorMoved(self.describe(self._source, self.view)))

    # Drawing

    def render_line(self, y: int) -> Strip:
        """Draw one line of cells."""
        view, source = self.view, self._source
        if view is None or source is None:
            return Strip.blank(self.size.width, self.visual_style.rich_style)
        if y == 0:
            return self._draw_column_ruler(view)
        if y - 1 not in self._lines:
            self._lines[y - 1] = self._draw_line(view, source, y - 1)
        return self._lines[y - 1]

    def _draw_line(self, view: Viewport, source: MapSource, line: int) -> Strip:
        """Draw a line of the picture with its row number."""
        if self._image is None:
            self._image = self.paint(source, view)
        if 2 * line >= len(self._image):
            return Strip.blank(self.size.width, self.visual_style.rich_style)
        if self._marked is None:
            self._marked = mark_pixels(view, source, self.cursor)
        upper, lower = mark_line(self._image, view, self._marked, self.cursor[1], line, source)
        text, on_cursor = row_ruler(view, source.block_size, self.cursor[0], line)
        style = self.get_component_rich_style("block-map--ruler-cursor" if on_cursor else "block-map--ruler")
        ruler = Segment(text.rjust(self.ruler_width - 1) + " ", style)
        labels = self.label(source, view, line)
        cells = line_segments(upper, lower, labels, self.colours, self.look.glyphs)
        strip = Strip([ruler, *cells], self.ruler_width + len(upper))
        return strip.extend_cell_length(self.size.width, self.visual_style.rich_style)

    def _draw_column_ruler(self, view: Viewport) -> Strip:
        """Draw the line of column numbers; a wedge points at the cursor's column."""
        styles = (self.get_component_rich_style(f"block-map--{name}") for name in ("ruler", "ruler-cursor"))
        return Strip(column_ruler(view, self.ruler_width, self.cursor[1], *styles))

    # Keys

    def zoom(self, steps: int, anchor: tuple[int, int] | None = None) -> None:
        """Zoom by levels, around `anchor` (row, column) or else the cursor if it is in view."""
        if self.view is not None:
            self.view = self.view.at_level(self.view.level + steps, anchor or self.view.anchor(self.cursor))

    def zoom_to(self, place: str) -> None:
        """Zoom to the whole layer (`whole`) or to single weights with their values (`weights`)."""
        if self.view is not None:
            level = 0 if place == "whole" else len(self.view.ladder) - 1
            self.view = self.view.at_level(level, self.view.anchor(self.cursor))

    def move_to(self, row: int, column: int) -> None:
        """Put the cursor on a weight (clamped) and bring it into view."""
        if self.view is None or self._source is None:
            return
        rows, columns = self._source.shape
        self.cursor = min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)
        self.view = self.view.showing(*self.cursor)

    def action_move_cursor(self, down: int, across: int) -> None:
        """Move the cursor by one pixel, or one weight where weights are magnified."""
        if self.view is None:
            return
        steps = (max(1, round(self.view.rows.scale.weights)), max(1, round(self.view.columns.scale.weights)))
        self.move_to(self.cursor[0] + down * steps[0], self.cursor[1] + across * steps[1])

    def action_jump_column(self, column: int) -> None:
        """Put the cursor on the first (0) or last (-1) column."""
        if self._source is not None:
            self.move_to(self.cursor[0], column % self._source.shape[1])

    def action_pan(self, down: int, across: int) -> None:
        """Move the view by half of itself."""
        if self.view is not None:
            self.view = self.view.panned(down * self.view.rows.pixels // 2, across * self.view.columns.pixels // 2)

    # Mouse

    def weight_at(self, x: int, y: int) -> tuple[int, int] | None:
        """The (row, column) under a cell of the widget, None beside the picture."""
        if self.view is None or x < self.ruler_width or y < 1:
            return None
        row, column = self.view.rows.weight_at(2 * (y - 1)), self.view.columns.weight_at(x - self.ruler_width)
        return None if row is None or column is None else (row, column)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin a drag, or a click."""
        if self.view is not None:
            self._drag = Drag(event.x, event.y, self.view)
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Pan while the button is down."""
        if self._drag is not None and self._drag.move(event.x, event.y):
            self.view = self._drag.view

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """End a drag; a click without a move puts the cursor there."""
        self.release_mouse()
        clicked = self._drag is not None and not self._drag.moved
        self._drag = None
        weight = self.weight_at(event.x, event.y)
        if clicked and weight is not None:
            self.move_to(*weight)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zoom in around the pointer."""
        event.stop()
        self.zoom(1, self.weight_at(event.x, event.y))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zoom out around the pointer."""
        event.stop()
        self.zoom(-1, self.weight_at(event.x, event.y))
