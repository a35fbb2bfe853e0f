"""One line for terminals that are too small."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from ubp_tui.terminal.focus_keeper import MIN_SIZE


class SizeNotice(Widget):
    """Says what size is needed; the style sheet shows it below MIN_SIZE in place of everything else."""

    def render(self) -> Content:
        """The sentence."""
        needed = f"{MIN_SIZE[0]}x{MIN_SIZE[1]}"
        return Content(f"ubp-tui needs {needed}, this is {self.app.size.width}x{self.app.size.height}")
