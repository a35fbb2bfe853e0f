"""Widgets that draw themselves line by line: drawn in one go, and again only when what they show has changed."""

from __future__ import annotations

from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget


class DrawnWidget(Widget):
    """A widget whose lines are kept until `redraw`, another size or another style: repaints around it cost nothing."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Start with nothing drawn."""
        super().__init__(id=id)
        self._drawn: list[Strip] | None = None
        self._drawn_size = Size(0, 0)

    def draw(self) -> list[Strip]:
        """The lines from the top; those that are missing are blank."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw anew: something else is to be seen."""
        self._drawn = None
        self.refresh()

    def notify_style_update(self) -> None:
        """Other colours."""
        super().notify_style_update()
        self._drawn = None

    def render_line(self, y: int) -> Strip:
        """One of the lines."""
        if self._drawn is None or self._drawn_size != self.size:
            self._drawn, self._drawn_size = self.draw(), self.size
        if y < len(self._drawn):
            return self._drawn[y]
        return Strip.blank(self.size.width, self.visual_style.rich_style)
