"""What screens with several panes have in common: one of them is in sight where there is no room for all."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual import events
from textual.reactive import reactive
from textual.screen import Screen

Result = TypeVar("Result")


class PaneScreen(Screen[Result]):
    """A screen whose style sheet follows the class `-view-PANE`, and `-full` where that pane has all the room.

    The pane `PANE` is the widget `#PANE-pane`; the pane in sight is the one that has the focus.
    """

    PANES: ClassVar[dict[str, str]]
    """Names of the panes, in the order of their keys, and the selector of what gets the focus in each."""

    view: reactive[str] = reactive("", init=False, repaint=False)
    """The pane in sight where only one has room."""
    full: reactive[bool] = reactive(False, toggle_class="-full", repaint=False)
    """Whether the pane of `view` has the whole screen."""

    def action_show_view(self, view: str) -> None:
        """Go to a pane: bring it into sight and focus it."""
        self.view = view
        self.call_after_refresh(lambda: self.query_one(self.PANES[view]).focus())

    def watch_view(self, view: str) -> None:
        """The layout follows a class, the tabs follow the view."""
        for name in self.PANES:
            self.set_class(name == view, f"-view-{name}")
        self.show_tab(view)

    def show_tab(self, view: str) -> None:
        """Mark the tab of the pane in sight."""

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The pane in sight is the one that has the focus."""
        ids = {node.id for node in event.widget.ancestors_with_self}
        self.view = next((view for view in self.PANES if f"{view}-pane" in ids), self.view)

    def action_toggle_full(self) -> None:
        """The whole screen for the pane in sight, and back."""
        self.full = not self.full
