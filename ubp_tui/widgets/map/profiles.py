"""Kept share along the rows and the columns of what a block map shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from ubp_tui.renderables.bars import growing_bar, rising_lines, share_per_pixel

if TYPE_CHECKING:
    from ubp_tui.widgets.map.block_map import BlockMap

ROW_CELLS = 8
"""Cells of the row profile, its label included."""
COLUMN_LINES = 2
"""Lines of the column profile."""


class Profile(Widget):
    """A profile beside a map; it is drawn from what the map shows."""

    COMPONENT_CLASSES = {"profile--bar", "profile--label"}  # noqa: RUF012 (Textual's own form)
    """`profile--bar`: the bars. `profile--label`: what a full bar means."""

    def __init__(self, block_map: BlockMap, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Args: the map."""
        super().__init__(id=id)
        self.block_map = block_map

    def _strip(self, text: str, part: str) -> Strip:
        """A line in a part's style."""
        style = self.get_component_rich_style(f"profile--{part}")
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, self.rich_style)


class RowProfile(Profile):
    """Share of each row that stays, as bars to the right of the map; the first line says what a full bar means."""

    def render_line(self, y: int) -> Strip:
        """The bar of one line: two pixels."""
        view, source = self.block_map.view, self.block_map.source
        if view is None or source is None:
            return Strip.blank(self.size.width, self.rich_style)
        top = float(source.row_shares.max(initial=0.0))
        if y == 0:
            return self._strip(f" ▕{100 * top:.0f} %".rjust(self.size.width), "label")
        values = share_per_pixel(source.row_shares, view.rows)[2 * y - 2 : 2 * y]
        bar = growing_bar(float(values.mean()), top, self.size.width - 1) if len(values) else ""
        return self._strip(f" {bar}", "bar")


class ColumnProfile(Profile):
    """Share of each column that stays, as bars below the map."""

    def render_line(self, y: int) -> Strip:
        """One line of bars; in front of the lowest what a full bar means."""
        view, source = self.block_map.view, self.block_map.source
        if view is None or source is None:
            return Strip.blank(self.size.width, self.rich_style)
        top = float(source.column_shares.max(initial=0.0))
        bars = rising_lines(share_per_pixel(source.column_shares, view.columns), top, self.size.height)
        ruler = self.block_map.ruler_width
        label = f"{100 * top:.0f}" if y == 0 else "%" if y == 1 else ""
        strip = self._strip(bars[y], "bar").crop(0, self.size.width - ruler)
        front = Segment(label.rjust(ruler - 1)[-ruler + 1 :] + " ", self.get_component_rich_style("profile--label"))
        return Strip([front, *strip]).adjust_cell_length(self.size.width, self.rich_style)
