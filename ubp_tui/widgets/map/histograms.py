"""Two histograms of a layer: where blocks start in the N-grid, and importance with the kept part marked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ubp_tui.looks import palette
from ubp_tui.looks.themes import look_of
from ubp_tui.renderables.bars import growing_bar, stacked_lines
from ubp_tui.widgets.drawn import DrawnWidget
from ubp_tui.work.selecting import LayerResult

KEPT_COLOUR = palette.COLOURS - 1 - 4 * palette.SHARE_STEPS
"""Index of the map's colour that stands for "kept"."""


class ResultPicture(DrawnWidget):
    """A picture of a result."""

    COMPONENT_CLASSES = {"picture--bar", "picture--label", "picture--rest"}  # noqa: RUF012 (Textual's own form)
    """`picture--bar`: bars. `picture--label`: texts. `picture--rest`: what is pruned."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Start without a result."""
        super().__init__(id=id)
        self._result: LayerResult | None = None

    def show_result(self, result: LayerResult | None) -> None:
        """Draw a result, or nothing."""
        self._result = result
        self.redraw()

    def _part(self, name: str) -> Style:
        """Style of a part."""
        return self.get_component_rich_style(f"picture--{name}")

    def _line(self, *segments: Segment) -> Strip:
        """A line that fills the widget."""
        return Strip(segments).adjust_cell_length(self.size.width, self.visual_style.rich_style)


class OffsetHistogram(ResultPicture):
    """Blocks by r % N, one bar per line; more offsets than lines are summed in pairs, fours and so on."""

    def on_mount(self) -> None:
        """A title."""
        self.border_title = "r % N"

    def draw(self) -> list[Strip]:
        """A line for every offset, or for several."""
        rows = [self._draw_row(*row) for row in self._rows()]
        if self.size.height < 2 * len(rows) - 1:
            return rows
        # Apart from each other where there is room: equal bars would stand there as one block.
        blank = Strip.blank(self.size.width, self.visual_style.rich_style)
        return [strip for row in rows for strip in (row, blank)]

    def _draw_row(self, label: str, count: int, total: int, top: int) -> Strip:
        """Offset, bar, share."""
        share = f" {100 * count / total:4.1f} %"
        width = max(1, self.size.width - len(label) - len(share) - 1)
        bar = growing_bar(count, top, width)
        text = self._part("label")
        return self._line(Segment(f"{label} ", text), Segment(bar, self._part("bar")), Segment(share, text))

    def _rows(self) -> list[tuple[str, int, int, int]]:
        """Label, blocks, all blocks, most blocks of a line."""
        result = self._result
        if result is None or result.offsets is None or not result.offsets.sum() or self.size.height < 1:
            return []
        counts, step = result.offsets, 1
        while len(counts) / step > self.size.height:
            step *= 2
        sums = np.add.reduceat(counts, np.arange(0, len(counts), step))
        width = len(str(len(counts) - 1)) * (2 if step > 1 else 1) + (step > 1)
        total, top = int(counts.sum()), int(sums.max())
        rows = []
        for place, count in enumerate(sums.tolist()):
            last = min(place * step + step, len(counts)) - 1
            label = str(place) if step == 1 else f"{place * step}-{last}"
            rows.append((label.rjust(width), count, total, top))
        return rows


class ImportanceHistogram(ResultPicture):
    """Weights by importance on a logarithmic scale; the kept part of each bar in the map's colours."""

    def on_mount(self) -> None:
        """A title."""
        self.border_title = "importance, log"

    def draw(self) -> list[Strip]:
        """Bars, and below them the scale."""
        result, width, height = self._result, self.size.width, self.size.height - 1
        if result is None or width < 8 or height < 1:
            return []
        ground = self.visual_style.rich_style
        front = ground + Style.parse(look_of(self.app).map.css(KEPT_COLOUR))
        every, kept = (spread_bins(v, width) for v in (result.basis.bin_counts, result.source.kept_counts))
        lines = stacked_lines(every, kept, height, (front, self._part("rest")), ground)
        return [*(self._line(*line) for line in lines), self._scale(result, front)]

    def _scale(self, result: LayerResult, front: Style) -> Strip:
        """The ends of the scale, and what the colours mean."""
        low, high = (f"{10**end:.2g}" for end in result.basis.bin_range)
        room, text = self.size.width - len(low) - len(high), self._part("label")
        words = [Segment("kept", front)]
        if result.selection is not None:
            words += [Segment(" ", text), Segment("pruned", self._part("rest"))]
        spare = room - sum(len(word.text) for word in words)
        if spare < 2:
            return self._line(Segment(low + " " * max(room, 1) + high, text))
        left = Segment(low + " " * (spare // 2), text)
        return self._line(left, *words, Segment(" " * (spare - spare // 2) + high, text))


def spread_bins(counts: NDArray[np.int64], width: int) -> NDArray[np.float64]:
    """A histogram in `width` bars: bins are shared out by overlap, so that the sum stays."""
    total = np.concatenate([[0.0], np.cumsum(counts)])
    return np.diff(np.interp(np.linspace(0, len(counts), width + 1), np.arange(len(counts) + 1), total))
