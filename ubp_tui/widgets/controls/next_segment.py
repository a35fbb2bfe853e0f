"""A choice of a few options of which only the chosen one is in sight; a click takes the next."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size

from ubp_tui.renderables.cells import shown
from ubp_tui.widgets.controls.segments import Segments


class NextSegment(Segments):
    """The key, and what is chosen: for options that explain one another, where there is little room."""

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """As wide as the key and the longest option."""
        return len(self.key) + 1 + max(cell_len(shown(option)) + 2 for option in self.options)

    def render(self) -> Content:
        """The key and the chosen option."""
        style = "bold $block-cursor-foreground on $block-cursor-background"
        if self.hovered:
            style = "bold $text on $surface-lighten-2"
        text = shown(self.chosen)
        text = f"[{text}]" if self.app.no_color else f" {text} "
        return Content.assemble((self.key, "bold $text-accent"), " ", (text, style))

    def option_at(self, cell: int) -> str:
        """The option that a click takes, wherever it is."""
        return self.options[(self._place + 1) % len(self.options)]
