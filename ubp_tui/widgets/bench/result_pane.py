"""The results of a benchmark: where the figures come from, bars of one layer, table, warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import DataTable, Static
from textual_plotext import PlotextPlot

from ubp_tui.renderables.bench_text import describe_figure, list_warnings
from ubp_tui.widgets.bench.bars import FRAME, draw_bars
from ubp_tui.widgets.bench.result_table import ResultTable

if TYPE_CHECKING:
    from ubp_core.benchmark import BenchRun


class ResultPane(Vertical):
    """Bars follow the layer under the table's cursor."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Start empty."""
        super().__init__(id=id)
        self.run: BenchRun | None = None
        self._drawn = ""

    def compose(self) -> ComposeResult:
        """Title, bars, table, warnings."""
        yield Static("", id="result-title", markup=False)
        yield PlotextPlot(id="result-bars")
        yield ResultTable(id="result-table")
        with VerticalScroll(id="result-notes", can_focus=False):
            yield Static("", id="result-warnings", markup=False)

    def on_mount(self) -> None:
        """Nothing to draw yet."""
        self.border_title = "Results"
        self.query_one("#result-bars").display = False

    def show_plan(self, layers: tuple[str, ...], methods: tuple[str, ...], words: dict[str, str], title: str) -> None:
        """Show what is to come, in place of an earlier result."""
        self.run, self._drawn = None, ""
        self.border_title = "Results"
        self.query_one("#result-title", Static).update(title)
        self.query_one("#result-warnings", Static).update("")
        self.query_one("#result-bars").display = False
        self.query_one(ResultTable).show_plan(layers, methods, words)

    def show_run(self, run: BenchRun, number: int | None, unkept: str) -> None:
        """Show what was measured.

        Args:
            run: the result, also of a run that ended early.
            number: its number in the history, if it is there.
            unkept: why it is not there.
        """
        self.run, self._drawn = run, ""
        kept = f" · history: run {number}" if number is not None else ""
        self.query_one("#result-title", Static).update(describe_figure(run) + kept)
        lines = [f"warning: {line}" for line in list_warnings(run)] + ([f"not kept: {unkept}"] if unkept else [])
        self.query_one("#result-warnings", Static).update("\n".join(lines))
        self.query_one(ResultTable).show_run(run)
        self._draw()

    def _draw(self) -> None:
        """Draw the bars of the layer under the cursor."""
        name = self.query_one(ResultTable).layer_shown
        layer = next((layer for layer in self.run.layers if layer.layer == name), None) if self.run else None
        plot = self.query_one(PlotextPlot)
        plot.display = layer is not None
        if layer is None or name == self._drawn:
            return
        self._drawn = name
        assert self.run is not None
        plot.styles.height = len(layer.variants) + FRAME
        self.border_title = f"{name} · {self.run.figure} · {draw_bars(plot.plt, layer)}"
        plot.refresh()

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        """Another row: perhaps another layer."""
        message.stop()
        self._draw()
