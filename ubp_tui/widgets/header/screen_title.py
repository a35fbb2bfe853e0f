"""The top line of the screens that are not about one model."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from ubp_core.cells import shorten_middle


class ScreenTitle(Widget):
    """The app, the screen, and what it is about."""

    detail: reactive[str] = reactive("")
    """What the screen is about."""

    def __init__(self, name: str, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Args: the name of the screen."""
        super().__init__(id=id)
        self._title = name

    def render(self) -> Content:
        """One line."""
        parts = Content.assemble(
            (" ubp-tui ", "bold $block-cursor-foreground on $primary"), (f" {self._title} ", "bold")
        )
        return parts + Content.styled(shorten_middle(self.detail, self.size.width - parts.cell_length), "$text-muted")
