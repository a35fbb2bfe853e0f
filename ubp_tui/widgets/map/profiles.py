"""Kept share along the rows and the columns of what a block map shows."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip

from ubp_tui.renderables.bars import growing_bar, rising_lines, share_per_pixel
from ubp_tui.widgets.map.map_side import MapSide

ROW_CELLS = 8
"""Cells of the row profile, its label included."""
COLUMN_LINES = 2
"""Lines of the column profile."""


class Profile(MapSide):
    """A profile beside a map."""

    COMPONENT_CLASSES = {"profile--bar", "profile--label"}  # noqa: RUF012 (Textual's own form)
    """`profile--bar`: the bars. `profile--label`: what a full bar means."""

    def _strip(self, text: str, part: str) -> Strip:
        """A line in a part's style."""
        style = self.get_component_rich_style(f"profile--{part}")
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, self.visual_style.rich_style)


class RowProfile(Profile):
    """Share of each row that stays, as bars to the right of the map; the first line says what a full bar means."""

    def draw(self) -> list[Strip]:
        """A bar for every line of the map, which is two pixels."""
        view, source = self.block_map.view, self.block_map.source
        if view is None or source is None:
            return []
        top = float(source.row_shares.max(initial=0.0))
        values = share_per_pixel(source.row_shares, view.rows)
        pairs = [float(values[first : first + 2].mean()) for first in range(0, len(values), 2)]
        bars = [self._strip(" " + growing_bar(value, top, self.size.width - 1), "bar") for value in pairs]
        return [self._strip(f" ▕{100 * top:.0f} %".rjust(self.size.width), "label"), *bars]


class ColumnProfile(Profile):
    """Share of each column that stays, as bars below the map."""

    def draw(self) -> list[Strip]:
        """Lines of bars; in front of them what a full bar means."""
        view, source = self.block_map.view, self.block_map.source
        if view is None or source is None:
            return []
        top = float(source.column_shares.max(initial=0.0))
        bars = rising_lines(share_per_pixel(source.column_shares, view.columns), top, self.size.height)
        labels = [f"{100 * top:.0f}", "%"]
        return [self._draw_bars(bar, labels[y] if y < len(labels) else "") for y, bar in enumerate(bars)]

    def _draw_bars(self, bars: str, label: str) -> Strip:
        """One line behind its label, below the map's picture."""
        ruler = self.block_map.ruler_width
        strip = self._strip(bars, "bar").crop(0, self.size.width - ruler)
        front = Segment(label.rjust(ruler - 1)[-ruler + 1 :] + " ", self.get_component_rich_style("profile--label"))
        return Strip([front, *strip]).adjust_cell_length(self.size.width, self.visual_style.rich_style)
