"""What each class of a comparison holds: figures, bars, and where there is room how important its weights are."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.reactive import reactive

from ubp_tui.widgets.compare.class_figures import ClassFigures
from ubp_tui.widgets.compare.class_histogram import ClassHistogram
from ubp_tui.work.comparing import Comparison


class ClassTable(Vertical):
    """The figures first; the histogram has the rest of the height, if that is enough for it."""

    comparison: reactive[Comparison | None] = reactive(None, init=False)
    """What is shown."""

    def compose(self) -> ComposeResult:
        """From the top."""
        yield ClassFigures()
        yield ClassHistogram()

    def on_mount(self) -> None:
        """Follow the theme."""
        self.border_title = "Importance by class"
        self.watch(self.app, "theme", self._follow_theme, init=False)

    def _follow_theme(self) -> None:
        """Draw with other colours."""
        for part in self.children:
            part.refresh()

    def watch_comparison(self, comparison: Comparison | None) -> None:
        """Show another one."""
        self.query_one(ClassFigures).comparison = comparison
        self.query_one(ClassHistogram).comparison = comparison

    def on_resize(self, event: events.Resize) -> None:
        """Without room for it there is no histogram."""
        self.set_class(event.size.height >= ClassFigures.LINES + ClassHistogram.FEWEST_LINES, "-roomy")
