"""How important the weights of each class of a comparison are: a histogram on a logarithmic scale."""

from __future__ import annotations

import numpy as np
from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from ubp_tui.looks import palette
from ubp_tui.looks.themes import look_of
from ubp_tui.renderables.map.class_stack import CLASS_INDEX, draw_stacks
from ubp_tui.renderables.map.difference import SIGNS
from ubp_tui.renderables.map.raster import Image
from ubp_tui.renderables.map.strips import line_segments
from ubp_tui.widgets.map.histograms import spread_bins
from ubp_tui.work.comparing import Comparison
from ubp_tui.work.difference import NEITHER

_SIGNS = {index: "." if kind == NEITHER else SIGNS[kind] for kind, index in CLASS_INDEX.items()}
"""What stands for the colours where there are none."""


class ClassHistogram(Widget):
    """Bars are stacks of classes: what both keep at the bottom, what neither keeps at the top."""

    FEWEST_LINES = 6
    """Of a picture that can be read, with its title and its scale."""
    COMPONENT_CLASSES = {"class-histogram--label"}  # noqa: RUF012 (Textual's own form)
    """`class-histogram--label`: title and scale."""

    comparison: reactive[Comparison | None] = reactive(None)
    """What is shown."""

    def render_line(self, y: int) -> Strip:
        """A blank line and the title, the bars, the scale."""
        comparison, (width, height) = self.comparison, self.size
        if comparison is None or comparison.difference is None or y == 0 or height < self.FEWEST_LINES:
            return Strip.blank(width, self.rich_style)
        if y == 1:
            return self._text("weights by importance, log")
        left = next(side for side in comparison.sides if side is not None)
        if y == height - 1:
            low, high = (f"{10**end:.2g}" for end in left.basis.bin_range)
            return self._text(low.ljust(width - len(high)) + high)
        counts = np.stack([spread_bins(values, width) for values in comparison.difference.histogram])
        return self._bars(draw_stacks(counts, 2 * (height - 3)), y - 2)

    def _text(self, text: str) -> Strip:
        """A line of words."""
        style = self.get_component_rich_style("class-histogram--label")
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, self.rich_style)

    def _bars(self, image: Image, line: int) -> Strip:
        """A line of the bars; of signs where pictures are made of characters."""
        look, (upper, lower) = look_of(self.app), (image[2 * line], image[2 * line + 1])
        labels = []
        if look.glyphs != "blocks":
            inks = [(cell, index) for cell, index in enumerate(lower.tolist()) if index in _SIGNS]
            labels = [
                (cell, _SIGNS[index], palette.FAINT_INK if _SIGNS[index] == "." else index) for cell, index in inks
            ]
        return Strip(line_segments(upper, lower, labels, look.difference, look.glyphs))
