"""The tabs of the compact layout, where one pane at a time fills the screen."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message

from ubp_tui.widgets.controls.segments import Segments
from ubp_tui.workspace.arrangement import VIEWS


class ViewTabs(Horizontal):
    """One line of tabs."""

    @dataclass
    class Picked(Message):
        """A tab was clicked."""

        view: str
        """One of VIEWS."""

    def compose(self) -> ComposeResult:
        """The tabs as a choice."""
        yield Segments("view", "1-3", VIEWS, VIEWS[0], id="view-tabs-choice")

    def show_view(self, view: str) -> None:
        """Mark the pane that is in sight."""
        self.query_one(Segments).chosen = view

    @on(Segments.Picked)
    def _pick(self, message: Segments.Picked) -> None:
        """Tell that a tab was clicked."""
        message.stop()
        self.post_message(self.Picked(message.option))
