"""The table of a benchmark: a row per device, layer and variant, filled in as the run goes on."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import split_text
from rich.text import Text
from textual import events
from textual.widgets import DataTable

from ubp_tui.renderables.bench.rows import BenchRow
from ubp_tui.renderables.cells import pad, shorten_name, shown

WIDTHS = {"variant": 9, "type": 5, "measured": 10, "vs dense": 9, "spread": 7, "keeps %": 8, "figure": 12}
"""Columns after the layer's name, and their least widths."""
GAPS = {"variant": 1, "type": 1, "figure": 2}
"""Columns of words, which grow with them, and the blanks between these and the next column."""


class ResultTable(DataTable[Text]):
    """Rows follow each other in the order of their keys; while those stay, only cells that changed are written."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Start empty."""
        super().__init__(id=id, cursor_type="row", cell_padding=0)
        self._rows: list[BenchRow] = []
        self._name_width = 0

    def show(self, rows: Sequence[BenchRow]) -> None:
        """Show rows."""
        before, self._rows = self._rows, list(rows)
        if [row.key for row in before] != [row.key for row in self._rows] or find_widths(before) != (
            find_widths(self._rows)
        ):
            self._fill()
            return
        for number, (old, new) in enumerate(zip(before, self._rows, strict=True)):
            if old != new:
                for column, cell in enumerate(self._cells(number)):
                    self.update_cell_at((number, column), cell)  # type: ignore[arg-type]  # a plain pair will do

    @property
    def row_shown(self) -> BenchRow | None:
        """The row under the cursor."""
        return self._rows[self.cursor_row] if 0 <= self.cursor_row < len(self._rows) else None

    def on_resize(self, event: events.Resize) -> None:
        """Give the name the width that is left."""
        self._fill()

    def _fill(self) -> None:
        """Write everything; the cursor stays where it is."""
        row = self.cursor_row
        widths = find_widths(self._rows)
        self._name_width = max(8, min(40, self.size.width - sum(widths.values()) - 2))
        self.clear(columns=True)
        self.add_column("layer", width=self._name_width + 1)
        for name, width in widths.items():
            gap = " " * GAPS[name] if name == "figure" else ""
            self.add_column(Text(gap + name, justify="left" if name in GAPS else "right"), width=width)
        for number in range(len(self._rows)):
            self.add_row(*self._cells(number))
        self.move_cursor(row=min(max(row, 0), max(len(self._rows) - 1, 0)), animate=False)

    def _cells(self, number: int) -> list[Text]:
        """The cells of a row; a layer's name stands in its first row, a heading of a device in all of its width."""
        row = self._rows[number]
        if not row.layer:
            return self._heading(shown(row.cells[0]))
        before = self._rows[number - 1] if number else None
        first = before is None or (before.device, before.layer) != (row.device, row.layer)
        name = shorten_name(row.layer, self._name_width) if first else ""
        return [Text(name, "bold"), *(self._cell(*pair, row.live) for pair in zip(WIDTHS, row.cells, strict=True))]

    def _heading(self, text: str) -> list[Text]:
        """A text that runs through all columns."""
        cells = []
        for column in self.ordered_columns:
            part, text = split_text(text, column.width)
            cells.append(Text(pad(part, column.width), "bold reverse"))
        return cells

    @staticmethod
    def _cell(column: str, text: str, live: bool) -> Text:
        """One cell; the ratio is what counts; what still changes is in italics."""
        if column == "figure":
            return Text(" " * GAPS[column] + text, "dim")
        style = " ".join(word for word, on in (("bold", column == "vs dense"), ("italic", live)) if on)
        return Text(text, style, justify="left" if column in GAPS else "right")


def find_widths(rows: Sequence[BenchRow]) -> dict[str, int]:
    """Widths of the columns after the layer's name."""
    widths = dict(WIDTHS)
    for place, (column, least) in enumerate(WIDTHS.items()):
        if column in GAPS:
            widths[column] = max([least, *(len(row.cells[place]) + GAPS[column] for row in rows if row.layer)])
    return widths
