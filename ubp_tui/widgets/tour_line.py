"""The line of the tour, above the footer: the step, its key, and what it does."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from ubp_tui.workspace.tour import STEPS, Tour


class TourLine(Widget):
    """Stands there while there is a tour."""

    words: reactive[tuple[str, str]] = reactive(("", ""), layout=True)
    """Key and task."""
    place: reactive[int] = reactive(0)
    """Number of the step, from 0."""

    def __init__(self, tour: Tour) -> None:
        """Args: whose steps are shown."""
        super().__init__(id="tour-line")
        self._tour = tour
        self.display = False

    def on_mount(self) -> None:
        """Follow the tour."""
        self._tour.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        """Show the step, or nothing."""
        self.display = self._tour.place is not None
        self.place, self.words = self._tour.place or 0, self._tour.words

    def render(self) -> Content:
        """What to do, and how to leave."""
        key, task = self.words
        return Content.assemble(
            (f"Tour {self.place + 1} of {len(STEPS)}  ", "bold"),
            (f" {key} ", "bold $block-cursor-foreground on $block-cursor-background"),
            f" {task}",
            ("  (esc leaves the tour)", "$text-muted"),
        )
