"""The plot of retained importance over sparsity."""

from __future__ import annotations

import math

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static
from textual_plotext import PlotextPlot

from ubp_tui.palette import CURVE_COLOURS
from ubp_tui.renderables.formats import format_percent
from ubp_tui.state import CURVE_METHODS, Choice


class CurvePane(Vertical, can_focus=True):
    """Curves of one layer at one block size, as far as they are known, with the present point marked."""

    def compose(self) -> ComposeResult:
        """Legend with the values at the present sparsity, then the plot."""
        yield Static("", id="curve-legend")
        yield PlotextPlot(id="curve-plot")

    def on_mount(self) -> None:
        """An empty frame until there is a layer."""
        self.border_title = "Retained importance over sparsity"

    def show_curves(self, points: dict[Choice, float], choice: Choice) -> None:
        """Draw what is known.

        Args:
            points: share kept per point of this layer, any block size.
            choice: the present choice.
        """
        retained = points.get(choice)
        curves = {method: self._curve(points, method, choice.block_size) for method in CURVE_METHODS}
        self.border_title = f"Retained importance over sparsity, N={choice.block_size}, per cent"
        self.query_one("#curve-legend", Static).update(self._legend(points, choice))
        plot = self.query_one(PlotextPlot)
        plot.plt.clear_data()
        plot.plt.xlim(0, 100)
        plot.plt.ylim(0, 100)
        plot.plt.xticks([0, 25, 50, 75, 100])
        plot.plt.yticks([0, 25, 50, 75, 100])
        plot.plt.grid(False, False)
        # The present method last: where curves touch, it is the one that stays in sight.
        for method, (sparsities, values) in sorted(curves.items(), key=lambda item: item[0] == choice.method):
            if len(sparsities) > 1:
                plot.plt.plot(sparsities, values, marker="braille", color=CURVE_COLOURS[method])
        plot.plt.vertical_line(100 * choice.sparsity, color=(120, 120, 130))
        if retained is not None and not math.isnan(retained):
            plot.plt.scatter([100 * choice.sparsity], [100 * retained], marker="●", color=CURVE_COLOURS[choice.method])
        plot.refresh()

    def clear(self, reason: str) -> None:
        """Draw nothing, and say why."""
        self.border_title = "Retained importance over sparsity"
        self.query_one("#curve-legend", Static).update(Content.styled(reason, "$text-muted"))
        plot = self.query_one(PlotextPlot)
        plot.plt.clear_data()
        plot.refresh()

    @staticmethod
    def _curve(points: dict[Choice, float], method: str, block_size: int) -> tuple[list[float], list[float]]:
        """The known points of one curve in per cent, by rising sparsity."""
        known = sorted(
            (100 * point.sparsity, 100 * value)
            for point, value in points.items()
            if point.method == method and point.block_size == block_size and not math.isnan(value)
        )
        return [sparsity for sparsity, _ in known], [value for _, value in known]

    @staticmethod
    def _legend(points: dict[Choice, float], choice: Choice) -> Content:
        """Every method with its value at the present sparsity."""
        parts = []
        for method in CURVE_METHODS:
            value = points.get(Choice(method, choice.block_size, choice.sparsity), float("nan"))
            colour = "#{:02x}{:02x}{:02x}".format(*CURVE_COLOURS[method])
            style = f"bold underline {colour}" if method == choice.method else colour
            parts.append(Content.assemble((method, style), " ", (format_percent(value, 2), "bold")))
        return Content("  ").join(parts)
