"""The table of a benchmark: one row per layer and variant, filled in as the run goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.widgets import DataTable

from ubp_tui.renderables.bench_text import list_cells, variant_name
from ubp_tui.renderables.formats import shorten_name

if TYPE_CHECKING:
    from ubp_core.benchmark import BenchRun

WIDTHS = {"variant": 12, "median": 10, "vs dense": 9, "spread": 7, "keeps %": 8, "figure": 12}
"""Columns after the layer's name, and their widths."""
LEFT = ("variant", "figure")
"""Columns of words."""


class ResultTable(DataTable[Text]):
    """Rows are keyed `layer/variant number`."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Start empty."""
        super().__init__(id=id, cursor_type="row", cell_padding=0)
        self._rows: list[tuple[str, tuple[str, ...]]] = []
        self._name_width = 0

    def show_plan(self, layers: tuple[str, ...], methods: tuple[str, ...], words: dict[str, str]) -> None:
        """Show rows without figures; `words` is what happens to each layer now."""
        self._rows = [
            (layer, (variant_name(method), words.get(layer, "waiting"), "", "", "", ""))
            for layer in layers
            for method in methods
        ]
        self._fill()

    def show_run(self, run: BenchRun) -> None:
        """Show results."""
        self._rows = [(layer.layer, cells) for layer in run.layers for cells in list_cells(layer, run.figure)]
        self._fill()

    @property
    def layer_shown(self) -> str:
        """Name of the layer under the cursor; empty where there is none."""
        return self._rows[self.cursor_row][0] if 0 <= self.cursor_row < len(self._rows) else ""

    def on_resize(self, event: events.Resize) -> None:
        """Give the name the width that is left."""
        self._fill()

    def _fill(self) -> None:
        """Write everything; the cursor stays where it is."""
        row = self.cursor_row
        self._name_width = max(8, min(40, self.size.width - sum(WIDTHS.values()) - 2))
        self.clear(columns=True)
        self.add_column("layer", width=self._name_width + 1)
        for name, width in WIDTHS.items():
            gap = "  " if name == "figure" else ""
            self.add_column(Text(gap + name, justify="left" if name in LEFT else "right"), width=width)
        before = ""
        for layer, cells in self._rows:
            name = shorten_name(layer, self._name_width) if layer != before else ""
            before = layer
            self.add_row(Text(name, "bold"), *(self._cell(*pair) for pair in zip(WIDTHS, cells, strict=True)))
        self.move_cursor(row=min(max(row, 0), max(len(self._rows) - 1, 0)), animate=False)

    @staticmethod
    def _cell(column: str, text: str) -> Text:
        """One cell; the ratio is what counts."""
        if column == "figure":
            return Text(f"  {text}", "dim")
        return Text(text, "bold" if column == "vs dense" else "", justify="left" if column in LEFT else "right")
