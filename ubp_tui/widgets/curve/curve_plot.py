"""The plot of one layer's curves, with a cursor by keys and by the pointer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from ubp_tui.choices.choice import BLOCK_SIZES, CURVE_METHODS, Choice
from ubp_tui.looks.colours import RGB
from ubp_tui.looks.themes import look_of
from ubp_tui.renderables.plot import Frame, Marks, Plot, PlotStyles, Series

Axis = Literal["sparsity", "block size"]
"""What the x axis is."""
PER_CENT = ((0, "0"), (25, "25"), (50, "50"), (75, "75"), (100, "100"))
ALL_LABELS = 11
"""Lines from which every label of the y axis has room."""


class CurvePlot(Widget):
    """Share kept over sparsity or over block size, a curve for each method, the present point marked."""

    COMPONENT_CLASSES = {"curve-plot--label", "curve-plot--cursor"}  # noqa: RUF012 (Textual's own form)
    """`curve-plot--label`: axes. `curve-plot--cursor`: the line of the cursor."""

    axis: reactive[Axis] = reactive[Axis]("sparsity")
    """What the x axis is."""
    cursor: reactive[float | None] = reactive(None)
    """x of the cursor (a sparsity or a block size), always that of a known point; None: no cursor."""

    class CursorMoved(Message):
        """The cursor stands elsewhere."""

    class PointPicked(Message):
        """A point was clicked."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Start without curves."""
        super().__init__(id=id)
        self._points: Mapping[Choice, float] = {}
        self._choice: Choice | None = None
        self._lines: list[list[Segment]] = []
        self._key: object = None

    def show(self, points: Mapping[Choice, float], choice: Choice | None) -> None:
        """Draw what is known of a layer; without a choice, nothing."""
        self._points, self._choice = dict(points), choice
        if choice is None:
            self.cursor = None
        self._key = None
        self.refresh()

    def watch_axis(self) -> None:
        """Another axis, another cursor."""
        self.cursor = None

    def watch_cursor(self) -> None:
        """Tell."""
        self.post_message(self.CursorMoved())

    # Values

    def x_of(self, choice: Choice) -> float:
        """Where a choice stands on the axis."""
        return choice.sparsity if self.axis == "sparsity" else float(choice.block_size)

    def known_xs(self) -> list[float]:
        """The x of all points on this axis that are known for any method, rising."""
        return sorted({self.x_of(point) for point in self._points if self._belongs(point)})

    def _belongs(self, point: Choice) -> bool:
        """Whether a point lies on the curves that are drawn."""
        choice = self._choice
        if choice is None:
            return False
        if self.axis == "sparsity":
            return point.block == choice.block
        if point.block_columns != choice.block_columns:
            return False
        return point.sparsity == choice.sparsity and point.block_size in (*BLOCK_SIZES, choice.block_size)

    def values_at(self, x: float) -> dict[str, float]:
        """Share kept by each method at an x; NaN where it is not known."""
        values: dict[str, float] = {}
        for point, value in self._points.items():
            if self._belongs(point) and self.x_of(point) == x:
                values[point.method] = value
        return {method: values.get(method, math.nan) for method in CURVE_METHODS}

    def _place(self, x: float) -> float:
        """Where an x stands in the plot's own scale: per cent, or the logarithm of N."""
        return 100 * x if self.axis == "sparsity" else math.log2(x)

    # Drawing

    def _plot(self) -> Plot:
        """An empty plot of the present size."""
        beside = PER_CENT if self.size.height >= ALL_LABELS else PER_CENT[::2]
        if self.axis == "sparsity":
            frame = Frame((0, 100), (0, 100), PER_CENT, beside)
        else:
            labels = tuple((math.log2(size), str(size)) for size in BLOCK_SIZES)
            frame = Frame((0, math.log2(BLOCK_SIZES[-1])), (0, 100), labels, beside)
        return Plot(self.size.width, self.size.height, frame)

    def _draw(self) -> list[list[Segment]]:
        """All lines."""
        look, choice = look_of(self.app), self._choice
        styles = PlotStyles(
            self.visual_style.rich_style,
            self.get_component_rich_style("curve-plot--label"),
            self.get_component_rich_style("curve-plot--cursor"),
        )
        if choice is None:
            return self._plot().draw((), Marks(), styles, False)
        # The present method last: where curves touch, it is the one that stays in sight.
        methods = sorted(CURVE_METHODS, key=lambda method: method == choice.method)
        series = tuple(self._series(method, look.curves[method]) for method in methods)
        value = self._points.get(choice, math.nan)
        now = self._place(self.x_of(choice))
        marks = Marks(
            None if math.isnan(value) else (now, 100 * value),
            Style(color=_css(look.curves[choice.method]), bold=True),
            now,
            None if self.cursor is None else self._place(self.cursor),
        )
        return self._plot().draw(series, marks, styles, look.glyphs != "blocks")

    def _series(self, method: str, colour: RGB) -> Series:
        """One curve."""
        points = [
            (self._place(self.x_of(point)), 100 * value)
            for point, value in self._points.items()
            if point.method == method and self._belongs(point) and not math.isnan(value)
        ]
        return Series(tuple(sorted(points)), Style(color=_css(colour)), method[0])

    def render_line(self, y: int) -> Strip:
        """One line of the plot."""
        key = (self.size, self.axis, self.cursor, self.app.theme)
        if self._key != key:
            self._key, self._lines = key, self._draw()
        if y >= len(self._lines):
            return Strip.blank(self.size.width, self.visual_style.rich_style)
        return Strip(self._lines[y]).adjust_cell_length(self.size.width, self.visual_style.rich_style)

    # Cursor

    def step(self, steps: int) -> None:
        """Move the cursor along the known points; it starts at the present one."""
        xs = self.known_xs()
        if not xs or self._choice is None:
            return
        now = self.x_of(self._choice) if self.cursor is None else self.cursor
        nearest = min(range(len(xs)), key=lambda place: abs(xs[place] - now))
        self.cursor = xs[min(max(nearest + steps, 0), len(xs) - 1)]

    def _point_at(self, cell: int) -> float | None:
        """The known x nearest to a cell."""
        place = self._plot().x_at(cell)
        return min(self.known_xs(), key=lambda x: abs(self._place(x) - place), default=None)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The cursor follows the pointer."""
        self.cursor = self._point_at(event.x)

    def on_leave(self) -> None:
        """The pointer left."""
        self.cursor = None

    def on_click(self, event: events.Click) -> None:
        """Take the point under the pointer."""
        self.cursor = self._point_at(event.x)
        self.post_message(self.PointPicked())


def _css(colour: RGB) -> str:
    """A colour as a style."""
    return "#{:02x}{:02x}{:02x}".format(*colour)
