"""A quicker way past Textual's filter for the colours of the terminal's own palette.

That filter rebuilds every line of the screen and remembers 1,024 styles; a block map alone has more, and it took a
third of the map's repaint. Nearly all our styles name their colours themselves, and there is nothing to replace.
"""

from __future__ import annotations

from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

MOST: Final = 1 << 16
"""Styles that are remembered."""


class TruecolorFilter(LineFilter):
    """Leaves lines alone that need no filter, and hands the others to it."""

    def __init__(self, inner: LineFilter) -> None:
        """Args: Textual's filter."""
        super().__init__(enabled=inner.enabled)
        self.inner = inner
        """What filters the other lines."""
        # By identity, because hashing a style costs as much as the test; the style itself keeps its number taken.
        self._known: dict[int, Style] = {}

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Filter a line."""
        known = self._known
        for _, style, _ in segments:
            if style is not None and id(style) not in known and not self._learn(style):
                return self.inner.apply(segments, background)
        return segments

    def _learn(self, style: Style) -> bool:
        """Whether a style needs no filter; if so, remember it."""
        colours = (style.color, style.bgcolor)
        if style.dim or any(colour is not None and colour.triplet is None for colour in colours):
            return False
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[id(style)] = style
        return True
