"""The curves of the layer on the screen, with a legend that has the values at the cursor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.style import Style
from textual.widgets import Static

from ubp_core.units import format_percent
from ubp_tui.choices.choice import CURVE_METHODS, Choice
from ubp_tui.keys.bindings import bindings_of
from ubp_tui.keys.key_action import Owner
from ubp_tui.looks.themes import look_of
from ubp_tui.widgets.curve.curve_plot import CurvePlot
from ubp_tui.widgets.framed import Framed


class CurvePane(Framed, can_focus=True):
    """Curves of one layer, as far as they are known."""

    BINDINGS = bindings_of("curves")
    key_owner: ClassVar[Owner] = "curves"

    @dataclass
    class PointTaken(Message):
        """A point of a curve is to be the choice."""

        fields: dict[str, Any]
        """Fields of `Choice` and their new values."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Start without a layer."""
        super().__init__(id=id)
        self._choice: Choice | None = None
        self._points: Mapping[Choice, float] = {}

    def compose(self) -> ComposeResult:
        """Legend, then the plot."""
        yield Static("", id="curve-legend")
        yield CurvePlot(id="curve-plot")

    def on_mount(self) -> None:
        """An empty frame until there is a layer."""
        self._title()
        self.watch(self.app, "theme", self._tell, init=False)

    def on_resize(self) -> None:
        """Other lines of the legend."""
        self._tell()

    @property
    def plot(self) -> CurvePlot:
        """The plot."""
        return self.query_one(CurvePlot)

    def show_curves(self, points: Mapping[Choice, float], choice: Choice) -> None:
        """Draw what is known.

        Args:
            points: share kept per point of this layer, any block size and sparsity.
            choice: the present choice.
        """
        self._points, self._choice = points, choice
        self.plot.show(points, choice)
        self._tell()

    def clear(self, reason: str) -> None:
        """Draw nothing, and say why."""
        self._points, self._choice = {}, None
        self.plot.show({}, None)
        self._title()
        self.query_one("#curve-legend", Static).update(Content.styled(reason, "$text-muted"))

    def _title(self) -> None:
        """What is drawn, and what the other axis would be."""
        over = self.plot.axis
        fixed = ""
        if self._choice is not None:
            choice = self._choice
            fixed = f", N={choice.block}" if over == "sparsity" else f", s={100 * choice.sparsity:g} %"
        other = "block size" if over == "sparsity" else "sparsity"
        step = Content.styled(f"x over {other}", Style.from_meta({"@click": "screen.step_axis"}))
        self.set_titles(f"Retained importance over {over}{fixed}, per cent", step)

    def _tell(self) -> None:
        """Title and legend: every method with its value at the cursor, or at the present point."""
        self._title()
        if self._choice is None:
            return
        plot, choice = self.plot, self._choice
        x = plot.x_of(choice) if plot.cursor is None else plot.cursor
        values, colours = plot.values_at(x), look_of(self.app).curves
        unit = f"{100 * x:g} %" if plot.axis == "sparsity" else f"N={x:g}"
        # Texts of one width, known or not: another number of lines would be another layout.
        parts = [Content.styled(f"at {unit:4}", "bold $text-accent" if plot.cursor is not None else "$text-muted")]
        for method in CURVE_METHODS:
            colour = "#{:02x}{:02x}{:02x}".format(*colours[method])
            style = f"bold underline {colour}" if method == choice.method else colour
            parts.append(Content.assemble((method, style), " ", (f"{format_percent(values[method], 2):5}", "bold")))
        legend, text = self.query_one("#curve-legend", Static), flow(parts, self.size.width - 2)
        # Points come many times a second, and a layout is dear: only where a line is added or taken away.
        legend.update(text, layout=text.plain.count("\n") + 1 != legend.size.height)

    @on(CurvePlot.CursorMoved)
    def _follow_cursor(self, message: CurvePlot.CursorMoved) -> None:
        """Values under the cursor."""
        message.stop()
        self._tell()

    @on(CurvePlot.PointPicked)
    def _pick(self, message: CurvePlot.PointPicked) -> None:
        """A click takes the point."""
        message.stop()
        self.action_take_point()

    def step_axis(self) -> None:
        """The other axis."""
        self.plot.axis = "block size" if self.plot.axis == "sparsity" else "sparsity"
        self._tell()

    def action_move_cursor(self, steps: int) -> None:
        """Along the curve."""
        self.plot.step(steps)

    def action_drop_cursor(self) -> None:
        """Back to the present point."""
        self.plot.cursor = None

    def action_take_point(self) -> None:
        """Choose the sparsity or the block size under the cursor."""
        if self.plot.cursor is None or self._choice is None:
            return
        if self.plot.axis == "sparsity":
            self.post_message(self.PointTaken({"sparsity": self._choice.with_sparsity(self.plot.cursor).sparsity}))
        else:
            self.post_message(self.PointTaken({"block_size": round(self.plot.cursor)}))


def flow(parts: list[Content], width: int) -> Content:
    """Parts in lines of at most `width` cells, none of them torn apart."""
    lines: list[list[Content]] = [[]]
    for part in parts:
        if lines[-1] and sum(other.cell_length + 2 for other in lines[-1]) + part.cell_length > width:
            lines.append([])
        lines[-1].append(part)
    return Content("\n").join(Content("  ").join(line) for line in lines)
