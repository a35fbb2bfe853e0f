"""Tables of the shell: what they hold, how they give way to a narrow terminal, and their text, Markdown and CSV.

A table is drawn by rich; which columns and how much of a name fit is decided here. Must not compute what it shows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

from ubp_core.printable import printable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table as RichTable

Kind = Literal["name", "left", "right", "text"]
"""A name is shortened in its middle, words and numbers stay whole, a text is folded."""

T = TypeVar("T")

LEAST_NAME = 16
LEAST_TEXT = 20
"""Cells that a column keeps before another one gives way."""
GAP = 3
"""Cells between two columns; a table has one more at each end."""
FULL_WIDTH = 100_000
"""Room for everything: where nobody's terminal limits it."""


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    title: str
    kind: Kind = "left"
    yields: int = 0
    """Where room is short, the highest gives way first; of equal ones the last. 0: after all others."""


def numbers(*titles: str, yields: int = 0) -> list[Column]:
    """Columns of numbers."""
    return [Column(title, "right", yields) for title in titles]


@dataclass
class Table:
    """Rows of text under titles; any cell may come from outside and is shown as `printable`."""

    columns: Sequence[Column]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    """Of each row, as rich names them."""
    sections: set[int] = field(default_factory=set)
    """Numbers of rows with a line under them."""
    footer: tuple[str, ...] = ()
    """Totals, one per column; () for none."""
    markdown: bool = False

    def add_row(self, *cells: str, style: str = "") -> None:
        """One row; missing cells are empty."""
        self.rows.append((*map(printable, cells), *[""] * (len(self.columns) - len(cells))))
        self.styles.append(style)

    def add_section(self) -> None:
        """A line under the last row; Markdown has none."""
        self.sections.add(len(self.rows) - 1)

    def picked(self, titles: Sequence[str]) -> Table:
        """Only these columns, in this order; titles that aren't here are passed over."""
        places = {column.title: place for place, column in enumerate(self.columns)}
        return self._only([places[title] for title in titles if title in places])

    def _only(self, places: Sequence[int]) -> Table:
        def take(cells: Sequence[T]) -> tuple[T, ...]:
            return tuple(cells[place] for place in places)

        footer = take(self.footer) if self.footer else ()
        rows = [take(row) for row in self.rows]
        return Table(take(self.columns), rows, self.styles, self.sections, footer, self.markdown)

    def to_csv(self) -> str:
        """Titles and rows as CSV."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(column.title for column in self.columns)
        writer.writerows(self.rows)
        return text.getvalue()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table in the room that there is, and a line that names the columns that were left out."""
        fitted, hidden = fit(self, FULL_WIDTH if self.markdown else options.max_width)
        yield fitted._draw()
        if hidden:
            from rich.text import Text

            yield Text(f"not shown for want of width: {', '.join(hidden)} (--columns chooses)", style="dim")

    def _draw(self) -> RichTable:
        """As a table of rich; nothing in it is cut any more."""
        from rich import box
        from rich.table import Table as RichTable
        from rich.text import Text

        lines = box.MARKDOWN if self.markdown else box.SIMPLE_HEAD
        drawn = RichTable(box=lines, show_footer=bool(self.footer), pad_edge=self.markdown)
        footers = self.footer or [""] * len(self.columns)
        for column, footer in zip(self.columns, footers, strict=True):
            right = column.kind == "right"
            drawn.add_column(
                Text(column.title),
                Text(footer),
                justify="right" if right else "left",
                no_wrap=column.kind != "text",
                overflow="fold",
            )
        for place, (row, style) in enumerate(zip(self.rows, self.styles, strict=True)):
            line = place in self.sections and not self.markdown
            drawn.add_row(*map(Text, row), style=style or None, end_section=line)
        return drawn


def fit(table: Table, width: int) -> tuple[Table, tuple[str, ...]]:
    """A table that is no wider than this, and the titles of the columns that had to go.

    First texts are folded and names shortened, down to LEAST_TEXT and LEAST_NAME; then columns give way, the last of
    the highest `yields` first, never the first name; then names get back what room there is.
    """
    from ubp_core.cells import shorten_middle

    places = list(range(len(table.columns)))
    natural = [_natural_width(table, place) for place in places]
    least = [_least_width(column, size) for column, size in zip(table.columns, natural, strict=True)]
    while len(places) > 1 and sum(least[place] + GAP for place in places) - 1 > width:
        places.remove(max(_may_go(table, places), key=lambda place: (table.columns[place].yields, place)))
    hidden = tuple(column.title for place, column in enumerate(table.columns) if place not in places)
    room = width + 1 - sum(least[place] + GAP for place in places)
    widths = {}
    for place in places:
        more = max(min(natural[place] - least[place], room), 0)
        widths[place], room = least[place] + more, room - more
    shortened = Table(table.columns, [], table.styles, table.sections, table.footer, table.markdown)
    names = {place for place in places if table.columns[place].kind == "name"}
    for row in table.rows:
        shortened.rows.append(
            tuple(shorten_middle(cell, widths[place]) if place in names else cell for place, cell in enumerate(row))
        )
    return shortened._only(places), tuple(title for title in hidden if title)


def _may_go(table: Table, places: Sequence[int]) -> Iterator[int]:
    """All but the first name, or the first column where there is no name."""
    kept = next((place for place in places if table.columns[place].kind == "name"), places[0])
    return (place for place in places if place != kept)


def _natural_width(table: Table, place: int) -> int:
    from rich.cells import cell_len

    footer = table.footer[place] if table.footer else ""
    return max(map(cell_len, (table.columns[place].title, footer, *(row[place] for row in table.rows))))


def _least_width(column: Column, natural: int) -> int:
    least = {"name": LEAST_NAME, "text": LEAST_TEXT}.get(column.kind, natural)
    return min(natural, max(least, len(column.title)))
