"""The results of a benchmark: where the figures come from, bars and scatter, table, warnings; also while it runs."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.reactive import reactive
from textual.widgets import DataTable, Static
from textual_plotext import PlotextPlot

from ubp_core.benchmark.figure import TIMED
from ubp_tui.bench.job import Plan
from ubp_tui.bench.run import DeviceRun, Retained
from ubp_tui.looks.themes import look_of
from ubp_tui.renderables.bench.profile import describe_profile
from ubp_tui.renderables.bench.rows import BenchRow, list_rows
from ubp_tui.renderables.bench.text import describe_figure, list_warnings
from ubp_tui.renderables.cells import shown
from ubp_tui.widgets.bench.bars import FRAME, Bars, draw_bars, fit_bars, live_bars, result_bars
from ubp_tui.widgets.bench.result_table import ResultTable
from ubp_tui.widgets.bench.scatter import Point, describe_shapes, draw_scatter, live_points, result_points

PLOTS = ("bars", "scatter")
FEWEST_LINES, MOST_LINES = 7, 15
"""Of a plot that can be read; of one that has the pane for itself, but for the table."""
LINES_FOR_BOTH = 23
"""Of the pane, from which on it shows both plots."""
MOST_NOTES = 4
"""Lines of the title and of a warning or two."""


class ResultPane(Vertical):
    """Title, plots and warnings follow the device and layer under the table's cursor."""

    plot: reactive[str] = reactive("bars", init=False)
    """The plot in sight where only one has room."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Start empty."""
        super().__init__(id=id)
        self.plan: Plan = {}
        self.runs: dict[str, DeviceRun] = {}
        self.retained: Retained = {}
        self._drawn: object = None

    def compose(self) -> ComposeResult:
        """Title, plots, table, warnings."""
        yield Static("", id="result-title", markup=False)
        with Vertical(id="result-plots"):
            yield PlotextPlot(id="result-bars")
            yield PlotextPlot(id="result-scatter")
        yield ResultTable(id="result-table")
        with VerticalScroll(id="result-notes", can_focus=False):
            yield Static("", id="result-profile", markup=False)
            yield Static("", id="result-warnings", markup=False)

    def on_mount(self) -> None:
        """Nothing to draw yet."""
        self.border_title = "Results"
        self.add_class("-plot-bars")
        self.watch(self.app, "theme", lambda: self._draw(always=True), init=False)

    def watch_plot(self, plot: str) -> None:
        """The narrow layout follows a class."""
        for name in PLOTS:
            self.set_class(name == plot, f"-plot-{name}")
        self._draw(always=True)

    def show(
        self, plan: Plan, runs: Sequence[DeviceRun], title: str, packing: str = "", retained: Retained | None = None
    ) -> None:
        """Show how far the devices are.

        Args:
            plan: layers and their variants.
            runs: the devices.
            title: what is run, where no device has figures yet.
            packing: the layer that is being packed now.
            retained: what the packed layers keep, by layer and variant.
        """
        self.plan, self.runs, self._title = plan, {run.device: run for run in runs}, title
        self.retained = retained or {}
        self.query_one(ResultTable).show(list_rows(plan, runs, packing, self.retained))
        self._describe()
        self._draw()

    @property
    def _shown(self) -> tuple[BenchRow | None, DeviceRun | None]:
        """The row under the cursor and its device."""
        row = self.query_one(ResultTable).row_shown
        return row, self.runs.get(row.device) if row else None

    def _describe(self) -> None:
        """Where the figures come from, and what speaks against them."""
        _, run = self._shown
        if run is None or not (run.layers or run.ended):
            lines = [self._title if self.plan else ""]
        else:
            kept = f" · history: run {run.number}" if run.number is not None else ""
            dtypes = [variant.dtype for layer in run.layers for variant in layer.variants]
            lines = [describe_figure(run.device, run.title, run.figure, dtypes) + kept]
        self.query_one("#result-title", Static).update("\n".join(map(shown, lines)))
        self._describe_profile()
        notes = [] if run is None else list_warnings(run.layers, run.failure, len(self.plan))
        found = [f"warning: {line}" for line in notes]
        if run is not None and run.unkept:
            found.append(f"not kept: {run.unkept}")
        others = [other for other in self.runs.values() if other is not run and other.failure]
        found += [f"warning: {other.device}: ended early: {other.failure}" for other in others]
        self.query_one("#result-warnings", Static).update("\n".join(map(shown, found)))

    def _describe_profile(self) -> None:
        """Where the time of a network goes."""
        row, run = self._shown
        result = run.result(row.layer or self._first_layer(run)) if row and run else None
        lines = describe_profile(result, run.figure, max(self.size.width - 3, 40)) if result and run else []
        profile = self.query_one("#result-profile", Static)
        profile.display = bool(lines)
        profile.update("\n".join([*map(shown, lines), ""]))

    def _draw(self, always: bool = False) -> None:
        """Draw the plots of the device and layer under the cursor, where anything has changed."""
        row, run = self._shown
        what = (row.key, run.layers, run.live, run.layer, self.size) if row and run else None
        if what == self._drawn and not always:
            return
        self._drawn = what
        layer = (row.layer or self._first_layer(run)) if row and run else ""
        bars = self._bars(run, layer) if run else None
        self.set_class(bars is not None, "-plotted")
        if bars is None or run is None:
            self.border_title, self.border_subtitle = "Results", ""
            return
        self._draw_plots(run, layer, bars, row.variant if row else 0)

    def _draw_plots(self, run: DeviceRun, layer: str, bars: Bars, around: int) -> None:
        """Draw both; the title of the pane is that of the plot in sight, or of the bars where both are."""
        both, points = self.size.height >= LINES_FOR_BOTH, self._points(run, layer)
        self.set_class(not both, "-single")
        lines, look = max(FEWEST_LINES, self.size.height // 2), look_of(self.app)
        bars = fit_bars(bars, lines - FRAME, around)
        plots = (self.query_one("#result-bars", PlotextPlot), self.query_one("#result-scatter", PlotextPlot))
        plots[0].styles.height = len(bars.values) + FRAME  # every bar next to the other
        compact = min(lines, MOST_LINES if self.plot == "scatter" else max(FEWEST_LINES, len(bars.values) + FRAME))
        self.query_one("#result-plots").styles.height = "1fr" if both else compact
        self.set_class(not points, "-no-scatter")
        titles = (
            f"{shown(layer)} · {run.figure} · {draw_bars(plots[0].plt, bars, look)}",
            draw_scatter(plots[1].plt, points, run.figure, look, self._lines_beside(bars) if both else compact - FRAME),
        )
        self.border_title = titles[0] if both else titles[PLOTS.index(self.plot)]
        self.border_subtitle = describe_shapes(points) if both or self.plot == "scatter" else ""
        plots[1].plt.title(titles[1] if both else "")
        for plot in plots:
            plot.refresh()

    def _lines_beside(self, bars: Bars) -> int:
        """Lines that the scatter has at least, below the bars and above the table, with its title."""
        table = min(self.query_one(ResultTable).row_count + 1, 45 * self.size.height // 100)
        return self.size.height - len(bars.values) - 2 * FRAME - 1 - table - MOST_NOTES

    def _points(self, run: DeviceRun, layer: str) -> list[Point]:
        """Every measured variant, and those of the layer that is under way."""
        points = [point for result in run.layers for point in result_points(result, run.figure, result.layer == layer)]
        if run.live and run.layer and run.figure in TIMED:
            kept = self.retained.get(run.layer, ())
            points += live_points(run.live, self.plan[run.layer], kept, run.figure, run.layer == layer)
        return points

    @staticmethod
    def _first_layer(run: DeviceRun | None) -> str:
        """What a heading shows: the layer under way, or the first that is measured."""
        if run is None:
            return ""
        return run.layer or next((layer.layer for layer in run.layers), "")

    def _bars(self, run: DeviceRun, layer: str) -> Bars | None:
        """The bars of a layer; None where it has none yet."""
        result = run.result(layer)
        if result is not None:
            return result_bars(result, run.figure)
        if layer == run.layer and run.live and any(run.live.medians_ns) and run.figure in TIMED:
            return live_bars(run.live, self.plan[layer], run.figure)
        return None

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        """Another row: perhaps another layer or device."""
        message.stop()
        self._describe()
        self._draw()

    def on_resize(self) -> None:
        """Other sizes, other plots and columns."""
        self._describe_profile()
        self._draw(always=True)
