"""Rows of the layer table as segments: pure functions of a row, the columns that fit, and styles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rich.segment import Segment
from rich.style import Style

from ubp_tui.renderables.cells import pad, pad_left, shorten_end, shorten_name, shown
from ubp_tui.renderables.layers.rows import GAP, Column, LayerRow, cell_text, fit_columns, list_columns

GUTTER: Final = 3
"""Cells before the name: the cursor, the mark, a gap. A click there marks."""
PARTS: Final = ("header", "cursor", "dense", "mark", "figure")
"""What has a style of its own, beside the ground (an empty name)."""


@dataclass(frozen=True)
class TableLayout:
    """The columns of a table of some width."""

    columns: tuple[Column, ...] = ()
    """Those that fit, from the left."""
    name_width: int = 0
    """Cells of the name's column."""

    @classmethod
    def fit(cls, width: int, longest_name: int, figure_kind: str, mixed: bool) -> TableLayout:
        """The columns for a width in cells, the longest name in cells, a kind of figures, and whether types differ."""
        return cls(*fit_columns(max(width - GUTTER, 1), longest_name, list_columns(figure_kind), mixed))

    def width_of(self, column: Column) -> int:
        """Cells of a column without its gap."""
        return column.width or self.name_width

    def column_at(self, x: int) -> str:
        """Id of the column at a cell, or an empty text."""
        end = GUTTER
        for column in self.columns:
            end += self.width_of(column) + (0 if column.id == "name" else GAP)
            if GUTTER <= x < end:
                return column.id
        return ""

    def place(self, text: str, column: Column) -> str:
        """A text in its column, behind the gap."""
        width, gap = self.width_of(column), 0 if column.id == "name" else GAP
        if column.left:
            return " " * gap + pad(text, width)
        return pad_left(text, width + gap)

    def header(self, sort: str, descending: bool) -> str:
        """Titles; the one sorted by with an arrow in the gap before it, where it takes no room of a narrow column."""
        line = " " * GUTTER
        for column in self.columns:
            before = len(line)
            line += self.place(column.title, column)
            if column.id == sort:
                place = line.index(column.title, before) - 1
                line = f"{line[:place]}{'▾' if descending else '▴'}{line[place + 1 :]}"
        return line

    def place_reason(self, row: LayerRow) -> str:
        """Why a layer stays dense, in place of all that follows, but for a figure that it has."""
        first = next(number for number, column in enumerate(self.columns) if column.chosen)
        text, last = f"{'':{GAP}}dense: {shown(row.reason or '')}", self.columns[-1]
        figure = row.figure is not None and last.id == "figure"
        room = sum(self.width_of(column) + GAP for column in self.columns[first : -1 if figure else None])
        return pad(shorten_end(text, room), room) + (self.place(cell_text(last.id, row), last) if figure else "")


def draw_row(
    layout: TableLayout, row: LayerRow, styles: Mapping[str, Style], under_cursor: bool, marked: bool
) -> list[Segment]:
    """Gutter, name and figures of one layer.

    Args:
        layout: the columns.
        row: the layer.
        styles: by name of the part (PARTS), and of the ground.
        under_cursor, marked: what the gutter shows.
    """
    base = styles["cursor" if under_cursor else "" if row.reason is None else "dense"]
    mark, figure = (base, base) if under_cursor else (styles["mark"], styles["figure"])
    segments = [Segment("▸" if under_cursor else " ", base), Segment("● " if marked else "  ", mark)]
    plain: list[str] = []
    for column in layout.columns:
        if column.chosen and row.reason is not None:
            plain.append(layout.place_reason(row))
            break
        text = cell_text(column.id, row)
        plain.append(layout.place(shorten_name(text, layout.name_width) if column.id == "name" else text, column))
        if column.id == "retained":
            segments += [Segment("".join(plain[:-1]), base), Segment(plain[-1], figure)]
            plain = []
    return [*segments, Segment("".join(plain), base)]
